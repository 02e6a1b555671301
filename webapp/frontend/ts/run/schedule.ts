/** The learning rate that is still to come, as the trainer plans it: a line over the rest of the run. */

export interface Schedule {
  learning_rate: number;
  warmup_steps: number;
  schedule: string;
}

// The cosine ends at a twentieth of the peak.
const FLOOR = 0.05;

/** The learning rate at `step` of a run that ends at `end`; plateau is drawn as if nothing happened any more. */
export function learningRateAt(plan: Schedule, step: number, end: number): number {
  const { learning_rate: peak, warmup_steps: warmup } = plan;
  if (step < warmup) return (peak * (step + 1)) / warmup;
  if (plan.schedule !== "cosine") return peak;
  const passed = Math.min(1, (step - warmup) / Math.max(1, end - warmup));
  return peak * (FLOOR + ((1 - FLOOR) * (1 + Math.cos(Math.PI * passed))) / 2);
}

/** `[step, rate]` from `from` to `end`, led on from the rate that holds now so that the line does not break. */
export function future(plan: Schedule, from: number, now: number | null, end: number, points = 60): [number, number][] {
  if (end <= from) return [];
  const planned = learningRateAt(plan, from, end);
  const scale = now !== null && planned > 0 && plan.schedule !== "cosine" ? now / planned : 1;
  return Array.from({ length: points + 1 }, (_, i) => {
    const step = from + ((end - from) * i) / points;
    return [step, learningRateAt(plan, step, end) * scale];
  });
}
