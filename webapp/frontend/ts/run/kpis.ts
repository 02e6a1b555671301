/** The five figures on top of a run, put into words. Pure. */
import { number } from "../units";
import type { Recipe } from "./boot";
import type { Feed } from "./feed";
import { type Maybe, MISSING, given, loss, percent } from "./format";
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

function bits(feed: Feed, unit: string): Figure {
  const last = feed.evaluations().at(-1);
  const strongest = feed.baselines[0];
  const value = last?.metrics.bits_per_character;
  const baseline = strongest?.metrics.bits_per_character;
  const note = strongest && given(baseline) ? `${baselineName(strongest.name, unit)} ${baseline.toFixed(2)}` : "";
  return { value: given(value) ? value.toFixed(2) : MISSING, note, tone: "" };
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

/** Loss, bits, speed, clipping, device, by the ids of their places on the page. */
export function figures(feed: Feed, recipe: Recipe, unit: string): Record<string, Figure> {
  return {
    loss: validation(feed, recipe, unit),
    bits: bits(feed, unit),
    speed: speed(feed, unit),
    clipped: clipped(feed, recipe),
    device: device(feed),
  };
}
