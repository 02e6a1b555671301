/** Events in words, for the log and for those who listen. */
import { compact, duration, number } from "../units";
import type { RunEvent } from "./feed";
import { loss } from "./format";

const BASELINES: Record<string, string> = {
  uniform: "guessing", "copy the source": "copy of the source", "direct linear": "linear forecast",
};

/** What a baseline is called on the page: its own name, unless that says little. */
export function baselineName(name: string, unit: string): string {
  if (name === "unigram") return `${unit} counts`;
  return BASELINES[name] ?? name.replaceAll("_", " ");
}

type Say = (event: RunEvent, unit: string) => string;

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const figure = (value: unknown): number | null => (typeof value === "number" ? value : null);

const SAY: Record<string, Say> = {
  started: (event, unit) => {
    const parameters = compact(figure(event.parameters) ?? 0);
    const tokens = number(figure(event.tokens) ?? 0);
    return `Started: ${parameters} parameters on ${tokens} ${unit}s, ${text(event.device)}, ${text(event.precision)}`;
  },
  baseline: (event, unit) => `Baseline: ${baselineName(text(event.name), unit)} reaches ${loss(figure(event.loss))}`,
  evaluated: (event) => `${event.split === "test" ? "Test" : "Validation"} loss ${loss(figure(event.loss))}`,
  checkpointed: (event) => (event.best ? "Checkpoint written, the best so far" : "Checkpoint written"),
  diagnosed: () => "Measured how far back the gradient reaches",
  rewound: (event) => `Goes on from step ${number(event.step)}; later facts no longer hold`,
  stopped: (event) => `Stopped after ${duration(figure(event.seconds) ?? 0)}`,
  finished: (event) => `Finished after ${duration(figure(event.seconds) ?? 0)}`,
  failed: (event) => [`Failed: ${text(event.error).replace(/\.$/, "")}.`, text(event.hint)].filter(Boolean).join(" "),
};

/** The event as a sentence without its step and time; an unknown kind by its name. */
export function say(event: RunEvent, unit: string): string {
  return SAY[event.kind]?.(event, unit) ?? event.kind;
}
