// Numbers as people read them: with units, in tabular figures, never more digits than they are worth.

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const MISSING = "–";

export type Maybe = number | null | undefined;

function given(value: Maybe): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

export function whole(value: Maybe): string {
  return given(value) ? WHOLE.format(value) : MISSING;
}

/** A loss: three decimals, in powers of ten when it has run away. */
export function loss(value: Maybe, digits = 3): string {
  if (!given(value)) return MISSING;
  return Math.abs(value) >= 1e4 ? power(value) : value.toFixed(digits);
}

/** Three significant digits, as a power of ten outside 0.001 … 99,999. */
export function short(value: Maybe): string {
  if (!given(value)) return MISSING;
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e-3 || size >= 1e5) return power(value);
  return size >= 1000 ? whole(value) : String(Number(value.toPrecision(3)));
}

function power(value: number): string {
  return value.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e");
}

export function percent(share: Maybe): string {
  if (!given(share)) return MISSING;
  const value = share * 100;
  return `${value > 0 && value < 1 ? "< 1" : Math.round(value)} %`;
}

/** `12 s`, `3 min 20 s`, `1 h 05 min`, `2 d 4 h`. */
export function duration(seconds: Maybe): string {
  if (!given(seconds) || seconds < 0) return MISSING;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return s % 60 && minutes < 20 ? `${minutes} min ${s % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A place on a time axis: `40 s`, `3:20`, `1:05 h`. */
export function clock(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  const pad = (value: number): string => String(value).padStart(2, "0");
  if (s < 3600) return `${Math.floor(s / 60)}:${pad(s % 60)}`;
  return `${Math.floor(s / 3600)}:${pad(Math.floor((s % 3600) / 60))} h`;
}

/** When something ends, in the reader's own zone: `14:32`, or with its day when that is not today. */
export function timeOfDay(when: Date, now = new Date()): string {
  const time = when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (when.toDateString() === now.toDateString()) return time;
  return `${when.toLocaleDateString([], { weekday: "short", day: "numeric", month: "short" })}, ${time}`;
}

/** How long ago, for data that may have grown old. */
export function age(milliseconds: number): string {
  return milliseconds < 2000 ? "just now" : `${duration(milliseconds / 1000)} ago`;
}
