/** At most one sentence of advice, each with the measurement that it rests on. Where nothing was measured, nothing is said. */
import { number } from "../units";
import type { Recipe } from "./boot";
import type { Feed } from "./feed";
import { loss, percent } from "./format";
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
    `Validation was best at step ${number(best.step)} (${loss(best.loss)}) and has risen by ${loss(rise)} since, ` +
    "while training loss still falls: it learns the text by heart. More dropout, a smaller network or more text would help. The best checkpoint is kept.";
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
  const last = feed.diagnoses.at(-1);
  if (feed.diagnoses.length < 2 || !last || !(Number(last.clip_rate) >= 0.8)) return null;
  const text =
    `${percent(last.clip_rate as number)} of the last gradients were longer than ${recipe.training.clip_norm} and were cut: ` +
    "a smaller learning rate may do better, or a larger clip norm the same in fewer steps.";
  return { id: "clips", text };
};

const reach: Rule = (feed, recipe, unit) => {
  const lag = feed.diagnoses.at(-1)?.effective_lag;
  if (!feed.ended || typeof lag !== "number") return null;
  // The reach is known to a power of two, and what is carried over is not counted: twice that is surely enough.
  const enough = Math.max(16, 2 ** Math.ceil(Math.log2(4 * Math.max(1, lag))));
  const { sequence_length: length } = recipe.training;
  if (enough * 2 > length) return null;
  const text =
    `Beyond the last ${number(lag)} ${unit}s the gradient is below 1 % of its strongest: ` +
    `a sequence length of ${number(enough)} instead of ${number(length)} would teach nearly the same, ` +
    "with more steps in the same time.";
  return { id: "reach", text };
};

const losesToBaseline: Rule = (feed, _recipe, unit) => {
  const strongest = feed.baselines[0];
  const best = feed.best;
  if (!feed.ended || !strongest || strongest.loss === null || !best || best.loss === null) return null;
  if (best.loss <= strongest.loss) return null;
  const text =
    `The ${baselineName(strongest.name, unit)} (${loss(strongest.loss)}) costs nothing ` +
    `and is still better than this network (${loss(best.loss)}): ` +
    "train longer, or with a larger network or a higher learning rate.";
  return { id: "baseline", text };
};

const RULES: Rule[] = [losesToBaseline, overfits, clips, reach];

/** The first advice that holds and was not dismissed. A run that failed says itself what to do. */
export function hint(feed: Feed, recipe: Recipe, unit: string, dismissed: ReadonlySet<string>): Hint | null {
  if (feed.ended?.kind === "failed") return null;
  for (const rule of RULES) {
    const found = rule(feed, recipe, unit);
    if (found && !dismissed.has(found.id)) return found;
  }
  return null;
}
