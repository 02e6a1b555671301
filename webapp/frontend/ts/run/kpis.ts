/** The five figures on top of a run, put into words. Pure. */
import { number } from "../units";
import type { Boot, Recipe } from "./boot";
import type { Feed } from "./feed";
import { type Maybe, MISSING, given, loss, percent } from "./format";
import { hardest, metricOf, written } from "./metrics";
import { baselineName } from "./words";

export interface Figure {
  value: string;
  note: string;
  tone: "" | "good" | "bad";
}

/** `0.96 below the 3-gram`, of a value that is the better the lower it is. */
function beside(value: Maybe, baseline: Maybe, name: string): Pick<Figure, "note" | "tone"> {
  if (!given(value) || !given(baseline)) return { note: "", tone: "" };
  const difference = baseline - value;
  const how = difference >= 0 ? "below" : "above";
  return { note: `${Math.abs(difference).toFixed(2)} ${how} the ${name}`, tone: difference >= 0 ? "good" : "bad" };
}

function validation(feed: Feed, recipe: Recipe, unit: string): Figure {
  const last = feed.evaluations().at(-1);
  if (!last) return { value: MISSING, note: `first at step ${number(recipe.training.evaluate_every)}`, tone: "" };
  const strongest = feed.baselines[0];
  if (!strongest) return { value: loss(last.loss), note: "", tone: "" };
  return { value: loss(last.loss), ...beside(last.loss, strongest.loss, baselineName(strongest.name, unit)) };
}

/** The figure that stands for the task, beside the baseline that is hardest to beat in it. */
function headline(feed: Feed, boot: Boot): Figure {
  const metric = metricOf(boot, boot.headline);
  const value = feed.evaluations().at(-1)?.metrics[boot.headline];
  const beaten = hardest(feed, boot.headline, metric);
  if (!beaten) return { value: written(metric, value), note: "", tone: "" };
  const note = `${baselineName(beaten.baseline.name, boot.unit)} ${written(metric, beaten.value)}`;
  if (!given(value) || metric.higher === null || value === beaten.value) return { value: written(metric, value), note, tone: "" };
  return { value: written(metric, value), note, tone: value > beaten.value === metric.higher ? "good" : "bad" };
}

function speed(feed: Feed, unit: string): Figure {
  const recent = feed.points.tokens_per_second.slice(-20).filter(given);
  const middle = recent.sort((a, b) => a - b)[Math.floor(recent.length / 2)];
  return { value: given(middle) ? number(Number(middle.toPrecision(3))) : MISSING, note: `${unit}s/s`, tone: "" };
}

/** What the trainer counted from one diagnosis to the next: every step, not only those that a progress event stands for. */
function clipped(feed: Feed, recipe: Recipe): Figure {
  if (recipe.training.clip_norm <= 0) return { value: "off", note: "nothing is clipped", tone: "" };
  const [before, last] = [feed.diagnoses.at(-2), feed.diagnoses.at(-1)];
  if (!last) return { value: MISSING, note: `first at step ${number(recipe.training.evaluate_every)}`, tone: "" };
  const steps = `steps ${number((before?.step ?? 0) + 1)} to ${number(last.step)}`;
  return { value: percent(last.clip_rate as number), note: steps, tone: "" };
}

function device(feed: Feed): Figure {
  const started = feed.started;
  if (!started) return { value: MISSING, note: "", tone: "" };
  const name = String(started.device);
  return { value: name === "cpu" ? "CPU" : name.toUpperCase().replace(":", " "), note: String(started.precision), tone: "" };
}

/** Loss, headline, speed, clipping, device, by the ids of their places on the page. */
export function figures(feed: Feed, boot: Boot): Record<string, Figure> {
  const { recipe, unit } = boot;
  return {
    loss: validation(feed, recipe, unit),
    headline: headline(feed, boot),
    speed: speed(feed, unit),
    clipped: clipped(feed, recipe),
    device: device(feed),
  };
}
