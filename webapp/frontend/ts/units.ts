/** Numbers with their units, as webapp/pages/templatetags/units.py writes them on the server. */

const SPACE = "\u00a0";
const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 1115394 → 1,115,394 */
export function number(value: number): string {
  return plain.format(value);
}

function threeDigits(value: number): string {
  return value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** 1340000 → 1.34 M; below ten thousand in full */
export function compact(value: number): string {
  if (value < 10_000) return number(value);
  for (const [size, unit] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]] as const) {
    if (value >= size) return threeDigits(value / size) + SPACE + unit;
  }
  return number(value);
}

/** 410000000 → 410 MB */
export function bytes(value: number): string {
  if (value < 1000) return number(value) + SPACE + (value === 1 ? "byte" : "bytes");
  for (const [size, unit] of [[1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"]] as const) {
    if (value >= size) return threeDigits(value / size) + SPACE + unit;
  }
  return number(value);
}

/** 200 → 3 min 20 s; 5400 → 1 h 30 min */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s}${SPACE}s`;
  const parts: [number, string, number, string] =
    s < 3600 ? [Math.floor(s / 60), "min", s % 60, "s"]
    : s < 86_400 ? [Math.floor(s / 3600), "h", Math.floor((s % 3600) / 60), "min"]
    : [Math.floor(s / 86_400), "d", Math.floor((s % 86_400) / 3600), "h"];
  const [major, majorUnit, minor, minorUnit] = parts;
  const head = `${major}${SPACE}${majorUnit}`;
  return minor && !(s >= 600 && s < 3600) ? `${head} ${minor}${SPACE}${minorUnit}` : head;
}
