/** A forecast: what was read, what followed where it is known, and the band between the forecast quantiles. */
import { h, svg } from "../dom";
import { short } from "../run/format";
import { behind, sized } from "./sized";

type Values = (number | null)[];

export interface Forecast {
  name: string;
  /** Of history and future, ISO; empty where there are none. */
  times: string[];
  history: Values;
  truth: Values;
  quantiles: Record<string, Values>;
}

export interface Look {
  height: number;
  /** No table, no labels beside the lines: one of many. */
  small?: boolean;
}

const LETTER = 6; // px of a letter below the chart
const PAD = { top: 22, bottom: 24, left: 46 };

/** 2024-01-05T13:00:00 → 2024-01-05 13:00 */
export function moment(time: string): string {
  return time.replace("T", " ").replace(/(:\d\d):00(\.0+)?$/, "$1").replace(/ 00:00$/, "");
}

/** Quantile levels from low to high. */
export function levels(quantiles: Record<string, Values>): string[] {
  return Object.keys(quantiles).sort((a, b) => Number(a) - Number(b));
}

/** `80 %` between the outermost of the quantiles 0.1 … 0.9; nothing where there is but one. */
export function span(names: string[]): string {
  const [low, high] = [Number(names[0]), Number(names.at(-1))];
  return names.length > 1 ? `${Math.round(100 * (high - low))}\u00a0%` : "";
}

export function forecast(given: Forecast, { height, small = false }: Look): HTMLElement {
  const names = levels(given.quantiles);
  const middle = names.reduce((a, b) => (Math.abs(Number(b) - 0.5) < Math.abs(Number(a) - 0.5) ? b : a), names[0] ?? "");
  const steps = Math.max(given.truth.length, given.quantiles[middle]?.length ?? 0);
  const label = `${given.name || "The series"}: ${given.history.length} values read, ${steps} steps forecast${given.truth.length ? ", with what followed" : ""}`;
  const chart = sized(height, label, (width) => drawn(given, names, middle, steps, { width, height, small }));
  return h("div", { class: "forecast" }, chart, ...(small ? [] : [tableOf(given, names, steps)]));
}

function drawn(given: Forecast, names: string[], middle: string, steps: number, size: { width: number; height: number; small: boolean }): SVGElement[] {
  const { width, height, small } = size;
  const read = given.history.slice(-Math.max(2 * steps, 24));
  const all = [read, given.truth, ...names.map((name) => given.quantiles[name] as Values)].flat().filter((v): v is number => v !== null);
  if (all.length === 0) return [];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = small ? 8 : Math.min(84, width / 4);
  const count = read.length + steps;
  const x = (i: number): number => PAD.left + (i * (width - PAD.left - room)) / Math.max(1, count - 1);
  const y = (value: number): number => PAD.top + ((high - value) * (height - PAD.top - PAD.bottom)) / (high - low || 1);
  const path = (values: Values, from: number): string => {
    let pen = false;
    return values.map((value, i) => {
      if (value === null) return ((pen = false), "");
      const point = `${pen ? "L" : "M"}${x(from + i).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = true;
      return point;
    }).join("");
  };
  const at = read.length;
  const last = read.at(-1) ?? null;
  const joined = (values: Values): Values => (last === null ? values : [last, ...values]);
  const start = last === null ? at : at - 1;
  const parts: SVGElement[] = [];
  for (const value of [high, low]) {
    parts.push(svg("path", { class: "rule", d: `M${PAD.left} ${y(value)}H${width - room}` }));
    parts.push(svg("text", { x: PAD.left - 6, y: y(value) + 4, "text-anchor": "end" }, short(value)));
  }
  for (let i = 0; i < Math.floor(names.length / 2); i++) {
    const lower = joined(given.quantiles[names[i] as string] as Values);
    const upper = joined(given.quantiles[names[names.length - 1 - i] as string] as Values);
    const back = upper.map((value, j) => `L${x(start + j).toFixed(1)} ${y(value ?? low).toFixed(1)}`).reverse().join("");
    parts.push(svg("path", { class: "band", d: `${path(lower, start)}${back}Z` }));
  }
  const border = x(at) - (x(1) - x(0)) / 2;
  parts.push(svg("path", { class: "now", d: `M${border} ${PAD.top - 8}V${height - PAD.bottom}` }));
  parts.push(svg("path", { class: "history", d: path(read, 0) }));
  if (given.truth.length) parts.push(svg("path", { class: "truth", d: path(joined(given.truth), start) }));
  parts.push(svg("path", { class: "median", d: path(joined(given.quantiles[middle] as Values), start) }));
  parts.push(...captions(given, names, middle, { at, read, steps, x, y, width, height, border, small }));
  return parts;
}

interface Frame {
  at: number;
  read: Values;
  steps: number;
  x: (i: number) => number;
  y: (value: number) => number;
  width: number;
  height: number;
  border: number;
  small: boolean;
}

function captions(given: Forecast, names: string[], middle: string, frame: Frame): SVGElement[] {
  const { at, read, steps, x, y, width, height, border, small } = frame;
  const parts: SVGElement[] = [];
  const offset = given.history.length - read.length;
  const time = (i: number): string => (given.times[offset + i] ? moment(given.times[offset + i] as string) : "");
  const bottom = height - 7;
  const begin = time(0) || `${read.length} steps read`;
  const end = time(at + steps - 1) || `${steps} steps ahead`;
  const fits = (begin.length + end.length + 2) * LETTER < x(at + steps - 1) - PAD.left;
  if (fits) parts.push(svg("text", { x: PAD.left, y: bottom }, begin));
  parts.push(svg("text", { x: x(at + steps - 1), y: bottom, "text-anchor": "end" }, end));
  parts.push(svg("text", { x: border - 6, y: 11, "text-anchor": "end" }, "read"));
  if (small) return [...parts, ...named(border, given.truth.length > 0)];
  parts.push(svg("text", { x: border + 6, y: 11 }, "forecast"));
  const ends: { text: string; kind: string; y: number }[] = [];
  const value = given.quantiles[middle]?.at(-1);
  if (typeof value === "number") ends.push({ text: names.length > 1 ? "median" : "forecast", kind: "median", y: y(value) });
  const truth = given.truth.at(-1);
  if (typeof truth === "number") ends.push({ text: "truth", kind: "truth", y: y(truth) });
  const top = given.quantiles[names.at(-1) as string]?.at(-1);
  if (names.length > 1 && typeof top === "number") ends.push({ text: `${span(names)} band`, kind: "band-name", y: y(top) });
  ends.sort((a, b) => a.y - b.y);
  ends.forEach((one, i) => (one.y = Math.max(one.y, (ends[i - 1]?.y ?? -99) + 14)));
  const over = Math.max(0, (ends.at(-1)?.y ?? 0) - (height - PAD.bottom));
  for (const one of ends) {
    parts.push(svg("text", { class: one.kind, x: Math.min(x(at + steps - 1) + 8, width - 70), y: one.y - over + 4 }, one.text));
  }
  return parts;
}

/** Without room beside the lines, what they are stands above them in their colours. */
function named(border: number, known: boolean): SVGElement[] {
  const forecast = svg("text", { class: "median", x: border + 6, y: 11 }, "forecast");
  return known ? [forecast, svg("text", { class: "truth", x: border + 62, y: 11 }, "truth")] : [forecast];
}

function tableOf(given: Forecast, names: string[], steps: number): HTMLElement {
  const said = (value: number | null | undefined): string => (value === null || value === undefined ? "" : short(value));
  const rows = Array.from({ length: steps }, (_, i) => {
    const time = given.times[given.history.length + i];
    const ahead = time ? moment(time) : String(i + 1);
    const truth = given.truth.length ? [said(given.truth[i])] : [];
    return [ahead, ...truth, ...names.map((name) => said(given.quantiles[name]?.[i]))];
  });
  const columns = ["step", ...(given.truth.length ? ["truth"] : []), ...names.map((name) => (name === "0.5" ? "median" : `q ${name}`))];
  return behind("The forecast as numbers", columns, rows);
}
