/** Steps, epochs and seconds: three ways to say where in a run something happened. Pure. */
import { number } from "../units";
import type { Feed, Points } from "./feed";
import { clock, given, thousands } from "./format";

export type Axis = "step" | "epoch" | "seconds";

/** Where a run is expected to end, on each axis. */
export type End = Record<Axis, number>;

/** Maps steps to another axis by what the points say, straight between them and beyond. */
export class Scale {
  #steps: number[] = [];
  #values: number[] = [];

  constructor(points: Points, axis: Axis) {
    points.step.forEach((step, i) => {
      const value = points[axis][i];
      if (!given(value) || value <= (this.#values.at(-1) ?? -Infinity) || step <= (this.#steps.at(-1) ?? -Infinity)) return;
      this.#steps.push(step);
      this.#values.push(value);
    });
    if (this.#steps[0] !== 0 && this.#steps.length > 0) {
      this.#steps.unshift(0);
      this.#values.unshift(0);
    }
  }

  fromStep = (step: number): number => between(this.#steps, this.#values, step);

  toStep = (value: number): number => between(this.#values, this.#steps, value);
}

function between(from: number[], to: number[], at: number): number {
  const count = from.length;
  if (count < 2) return at;
  let i = from.findIndex((value) => value >= at);
  if (i === -1) i = count - 1;
  i = Math.max(1, i);
  const [a, b] = [from[i - 1] as number, from[i] as number];
  const [x, y] = [to[i - 1] as number, to[i] as number];
  return x + ((at - a) / (b - a)) * (y - x);
}

/** Up to the next of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten: an axis that grows in few strides. */
export function roundUp(value: number): number {
  if (value <= 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  const stride = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((each) => each * unit >= value * (1 - 1e-9)) ?? 10;
  return stride * unit;
}

/**
 * The planned last step once a fifth of the way is done; before, it is halved until a fifth of what is in sight is, so
 * that the curve of a long run can be read from its first minutes on.
 */
export function inSight(steps: number, done: number): number {
  let end = steps;
  while (done > 0 && end > 5 * done) end /= 2;
  return Math.ceil(end);
}

/**
 * How far each axis reaches: towards the planned last step where it is known, else what the time that is left makes
 * likely (rounded up, so that it seldom moves); exactly the last step once the run has ended.
 */
export function ends(feed: Feed, steps: number | null): End {
  const { points } = feed;
  const last = { step: points.step.at(-1) ?? 0, epoch: points.epoch.at(-1) ?? 0, seconds: points.seconds.at(-1) ?? 0 };
  if (feed.ended && feed.ended.kind !== "failed") return positive(last);
  if (last.step === 0) return positive({ step: steps ?? 0, epoch: 0, seconds: 0 });
  const left = feed.latest?.remaining_seconds;
  if (steps !== null) {
    const shown = inSight(steps, last.step);
    const factor = Math.max(1, shown / last.step);
    return positive({ step: Math.max(shown, last.step), epoch: last.epoch * factor, seconds: roundUp(last.seconds * factor) });
  }
  const factor = typeof left === "number" && last.seconds > 0 ? 1 + left / last.seconds : 1;
  const likely = (value: number): number => roundUp(value * factor);
  return positive({ step: likely(last.step), epoch: likely(last.epoch), seconds: likely(last.seconds) });
}

function positive(end: End): End {
  return { step: end.step || 1, epoch: end.epoch || 1, seconds: end.seconds || 1 };
}

/** What an axis is called, how a place on it is said, and the places below a chart. */
export interface Named {
  name: string;
  format: (value: number) => string;
  ticks: (values: number[]) => string[];
}

function named(name: string, format: (value: number) => string): Named {
  return { name, format, ticks: (values) => values.map(format) };
}

export const AXES: Record<Axis, Named> = {
  step: { name: "step", format: (value) => number(value), ticks: thousands },
  epoch: named("epoch", (value) => String(Number(value.toPrecision(3)))),
  seconds: named("time", clock),
};
