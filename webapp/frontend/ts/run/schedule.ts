/** The learning rate that is still to come, as rnncore.train.schedule plans it. Pure. */

export interface Schedule {
  learning_rate: number;
  warmup_steps: number;
  schedule: string;
}

// Of the peak: where the cosine ends.
const FLOOR = 0.05;

/** The rate at `step` of a run that ends at step `end`. */
export function learningRateAt(plan: Schedule, step: number, end: number): number {
  const { learning_rate: peak, warmup_steps: warmup } = plan;
  if (step <= warmup) return (peak * step) / (warmup + 1);
  if (plan.schedule !== "cosine") return peak;
  return peak * (FLOOR + ((1 - FLOOR) * (1 + Math.cos(Math.PI * Math.min(1, step / end)))) / 2);
}

/** `[steps, rates]` from `from` to `end`; the line goes on from the rate that holds now, which a plateau has lowered. */
export function future(plan: Schedule, from: number, now: number | null, end: number, points = 60): [number[], number[]] {
  if (end <= from) return [[], []];
  const lowered = plan.schedule === "plateau" && now !== null && from > plan.warmup_steps ? now / plan.learning_rate : 1;
  const steps = Array.from({ length: points + 1 }, (_, i) => from + ((end - from) * i) / points);
  return [steps, steps.map((step) => learningRateAt(plan, step, end) * lowered)];
}
