/** Figures of a run as people read them, beside ../units: losses, places on an axis, moments, ages. */
import { duration, number } from "../units";

export type Maybe = number | null | undefined;

export const MISSING = "–";

export function given(value: Maybe): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

/** A loss: three decimals, as a power of ten when it has run away. */
export function loss(value: Maybe, digits = 3): string {
  if (!given(value)) return MISSING;
  return Math.abs(value) >= 1e4 ? power(value) : value.toFixed(digits);
}

/** Three significant digits; a power of ten outside 0.001 … 99,999. */
export function short(value: Maybe): string {
  if (!given(value)) return MISSING;
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e-3 || size >= 1e5) return power(value);
  return size >= 1000 ? number(value) : String(Number(value.toPrecision(3)));
}

function power(value: number): string {
  return value.toExponential(2).replace(/\.?0*e/, "e").replace("e+", "e");
}

/** The values of an axis, all with as many decimals as the one that needs most. */
export function alike(values: number[]): string[] {
  const needs = (value: number): number => [0, 1, 2, 3].find((digits) => fits(value, digits)) ?? 4;
  const digits = Math.max(0, ...values.map(needs));
  return values.map((value) => (digits === 0 ? number(value) : loss(value, digits)));
}

const fits = (value: number, digits: number): boolean => Math.abs(value - Number(value.toFixed(digits))) < 1e-9;

/** The values of an axis of small numbers: alike where four decimals do, else each with the digits that it takes. */
export function fine(values: number[]): string[] {
  return values.every((value) => fits(value, 4)) ? alike(values) : values.map(short);
}

/** The values of an axis of large numbers, all in the same unit: `50 k`, `100 k`; `0.5 M`, `1 M`. */
export function thousands(values: number[]): string[] {
  const most = Math.max(0, ...values);
  const [size, unit] = most >= 1e6 ? [1e6, "M"] : most >= 1e5 ? [1e3, "k"] : [1, ""];
  return values.map((value) => (value === 0 || size === 1 ? number(value) : `${Number((value / size).toPrecision(6))}\u00a0${unit}`));
}

/** Shares on an axis, all with as many decimals as the one that needs most. */
export function percents(values: number[]): string[] {
  return alike(values.map((value) => 100 * value)).map((text) => `${text}\u00a0%`);
}

export function percent(share: Maybe): string {
  if (!given(share)) return MISSING;
  return `${share > 0 && share < 0.01 ? "< 1" : Math.round(share * 100)}\u00a0%`;
}

/** A place on a time axis: `40 s`, `3:20`, `1:05 h`. */
export function clock(seconds: number): string {
  const s = Math.round(seconds);
  const pad = (value: number): string => String(value).padStart(2, "0");
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)}:${pad(s % 60)}`;
  return `${Math.floor(s / 3600)}:${pad(Math.floor((s % 3600) / 60))} h`;
}

/** A moment in the reader's own zone: `14:32`, with its day when that is not today. */
export function moment(when: Date, now = new Date()): string {
  const time = when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (when.toDateString() === now.toDateString()) return time;
  return `${when.toLocaleDateString([], { weekday: "short", day: "numeric", month: "short" })}, ${time}`;
}

/** How long ago, for data that may have grown old. */
export function age(milliseconds: number): string {
  return milliseconds < 2000 ? "just now" : `${duration(milliseconds / 1000)} ago`;
}
