/** At most one sentence of advice, each with the measurement that it rests on. Where nothing was measured, nothing is said. */
import { number } from "../units";
import type { Recipe } from "./boot";
import type { Feed } from "./feed";
import { loss, percent } from "./format";
import { clippedShare } from "./kpis";
import { baselineName } from "./words";

export interface Hint {
  /** Stays the same while the advice does: a dismissed one does not return. */
  id: string;
  text: string;
}

type Rule = (feed: Feed, recipe: Recipe, unit: string) => Hint | null;

// How much worse than its best a validation loss must be, and for how many evaluations, before it is called a rise.
const RISE = 0.01;
const EVALUATIONS = 3;

const overfits: Rule = (feed) => {
  const { best } = feed;
  const all = feed.evaluations();
  const since = all.filter((each) => best !== null && each.step > best.step);
  const last = since.at(-1);
  if (!best || best.loss === null || !last || last.loss === null || since.length < EVALUATIONS) return null;
  const rise = last.loss - best.loss;
  if (rise < RISE || !trainingStillFalls(feed, best.step)) return null;
  const text =
    `Validation was best at step ${number(best.step)} (${loss(best.loss)}) and has risen by ${loss(rise)} since, while training loss still falls: ` +
    "it learns the text by heart. More dropout, a smaller network or more text would help. The best checkpoint is kept.";
  return { id: "overfits", text };
};

function trainingStillFalls(feed: Feed, since: number): boolean {
  const around = (from: number, to: number): number => {
    const inside = feed.points.loss.filter((value, i) => {
      const step = feed.points.step[i] as number;
      return value !== null && step > from && step <= to;
    }) as number[];
    return inside.length ? inside.reduce((a, b) => a + b, 0) / inside.length : NaN;
  };
  const end = feed.step;
  const window = (end - since) / 4;
  return around(end - window, end) < around(since - window, since);
}

const clips: Rule = (feed, recipe) => {
  const share = clippedShare(feed.points, recipe.training.clip_norm, feed.step / 2);
  if (share === null || share < 0.8 || feed.points.step.length < 50) return null;
  const text =
    `${percent(share)} of the gradients since step ${number(Math.round(feed.step / 2))} were longer than ${recipe.training.clip_norm} and were cut: ` +
    "a smaller learning rate may do better, or a larger clip norm the same in fewer steps.";
  return { id: "clips", text };
};

const reach: Rule = (feed, recipe, unit) => {
  const lag = feed.diagnosed?.effective_lag;
  const curve = feed.diagnosed?.gradient_by_lag as [number, number | null][] | undefined;
  if (typeof lag !== "number" || !curve?.length) return null;
  const total = curve.reduce((sum, [, norm]) => sum + (norm ?? 0), 0);
  let sum = 0;
  const far = curve.find(([, norm]) => (sum += norm ?? 0) >= 0.95 * total)?.[0] ?? 0;
  const length = recipe.training.sequence_length;
  if (far === 0 || far * 2 > length) return null;
  const text =
    `Half of what it learns comes from the last ${number(Math.round(lag))} ${unit}s and 95 % from the last ${number(far)}: ` +
    `a sequence length of ${number(Math.max(8, 2 ** Math.ceil(Math.log2(far))))} instead of ${number(length)} would lose little and leave time for more steps.`;
  return { id: "reach", text };
};

const losesToBaseline: Rule = (feed, _recipe, unit) => {
  const strongest = feed.baselines[0];
  const best = feed.best;
  if (!feed.ended || feed.ended.kind === "failed" || !strongest || strongest.loss === null || !best || best.loss === null) return null;
  if (best.loss <= strongest.loss) return null;
  const text =
    `The ${baselineName(strongest.name, unit)} (${loss(strongest.loss)}) costs nothing and is still better than this network (${loss(best.loss)}): ` +
    "train longer, or with a larger network or a higher learning rate.";
  return { id: "baseline", text };
};

const RULES: Rule[] = [losesToBaseline, overfits, clips, reach];

/** The first advice that holds and was not dismissed. */
export function hint(feed: Feed, recipe: Recipe, unit: string, dismissed: ReadonlySet<string>): Hint | null {
  for (const rule of RULES) {
    const found = rule(feed, recipe, unit);
    if (found && !dismissed.has(found.id)) return found;
  }
  return null;
}
