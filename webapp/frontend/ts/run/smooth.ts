/** Smoothing that neither lags behind a falling curve nor bends its steep start. */

// Share of the drawn range, and of the step itself, that the kernel's deviation may take: the first bounds it late in
// a run, the second early.
const OF_RANGE = 0.012;
const OF_POSITION = 0.06;
const REACH = 2.5; // deviations after which a Gaussian weight is nothing

/**
 * The curve as a Gaussian mean around each point, in steps. Each value stands for the steps since the one before it (a
 * progress event carries means), so it weighs as many. `span` is the width of the drawn range in steps. Nulls are passed over.
 */
export function smooth(steps: number[], values: (number | null)[], span: number): (number | null)[] {
  const origin = steps[0] ?? 0;
  const result: (number | null)[] = new Array(values.length).fill(null);
  let first = 0;
  for (let i = 0; i < steps.length; i++) {
    if (values[i] === null) continue;
    const at = steps[i] as number;
    const deviation = Math.max(1e-9, Math.min(OF_RANGE * span, OF_POSITION * (at - Math.min(origin, 0))));
    while ((steps[first] as number) < at - REACH * Math.max(deviation, OF_RANGE * span)) first++;
    result[i] = meanAround(steps, values, i, first, at, deviation);
  }
  return result;
}

function meanAround(
  steps: number[], values: (number | null)[], i: number, first: number, at: number, deviation: number,
): number {
  let sum = 0;
  let weights = 0;
  for (let j = first; j < steps.length; j++) {
    const distance = (steps[j] as number) - at;
    if (distance < -REACH * deviation) continue;
    if (distance > REACH * deviation) break;
    const value = values[j];
    if (value === null || value === undefined) continue;
    const covered = j > 0 ? (steps[j] as number) - (steps[j - 1] as number) : (steps[1] ?? 1) - (steps[0] ?? 0);
    const weight = Math.exp(-0.5 * (distance / deviation) ** 2) * Math.max(covered, 1e-9);
    sum += weight * value;
    weights += weight;
  }
  return weights > 0 ? sum / weights : (values[i] as number);
}
