/** What a chart is given to draw, and how it is read at a place or at an end. */
import uPlot from "uplot";
import type { Named } from "./axis";
import { given } from "./format";

export type Column = (number | null | undefined)[];

export interface Line {
  /** As it is named in labels, the readout and the table. */
  label: string;
  /** A design token: "s1" is --s1. */
  color: string;
  width: number;
  alpha?: number;
  dash?: number[];
  dots?: boolean;
  /** Labelled at its end. */
  ends?: boolean;
  /** Left out of readout and table: the line only leads the eye. */
  silent?: boolean;
}

export interface Level {
  value: number;
  label: string;
  color: string;
}

/** What to draw: tables of an x column and y columns, in the order of the chart's lines. */
export interface Drawing {
  tables: [number[], ...Column[]][];
  levels: Level[];
  range: { min: number; max: number };
  extent: [number, number];
  /** What the x axis is, and how places on it are written. */
  axis: Named;
  log: boolean;
  /** Where the run stands, drawn as a thin upright line; null at its end. */
  now: number | null;
}

/** The tables on one x axis. A null stays a gap; what another table has no value for is passed over. */
export function joined(drawing: Drawing): uPlot.AlignedData {
  return uPlot.join(drawing.tables as uPlot.AlignedData[]);
}

/** Whether there is anything to draw but levels and what is planned. */
export function isEmpty(drawing: Drawing): boolean {
  return drawing.tables.every(([, ...columns]) => columns.every((column) => !column.some(given)));
}

const STRIDES = [[1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8], [1, 1.5, 2, 3, 5], [1, 2, 5], [1, 3], [1]];

/** Round values of a log axis, as many as fit into `most`; from powers of ten on as few as there are. */
export function logSplits(low: number, high: number, most: number): number[] {
  for (const strides of STRIDES) {
    const splits: number[] = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      splits.push(...strides.map((stride) => Number((stride * 10 ** power).toPrecision(3))));
    }
    const seen = splits.filter((value) => value >= low && value <= high);
    if (seen.length <= most || strides.length === 1) return seen;
  }
  return [];
}

/** The index of the last value up to x = `max`; null where there is none. */
export function lastGiven(xs: number[], values: Column, max: number): number | null {
  for (let i = values.length - 1; i >= 0; i--) if (given(values[i]) && (xs[i] as number) <= max) return i;
  return null;
}

/** Where the line from point `at` ends in sight: at the point, or at the right edge where it goes on beyond. */
export function edge(xs: number[], values: Column, at: number, max: number): { x: number; y: number } {
  const [x, y] = [xs[at] as number, values[at] as number];
  const next = values.findIndex((value, i) => i > at && given(value));
  if (next === -1) return { x, y };
  const share = (max - x) / ((xs[next] as number) - x);
  return { x: max, y: y + share * ((values[next] as number) - y) };
}

/** The value at `i`, or the one before it that there is. */
export function lastBefore(values: Column, i: number): number | null {
  for (let j = i; j >= 0; j--) {
    const value = values[j];
    if (given(value)) return value;
  }
  return null;
}
