/** A label with the probabilities of all, and what spoke for it. */
import { bars, inPercent } from "../draw/bars";
import { h } from "../dom";
import { explain, explained } from "./pooled";
import type { Task } from "./task";

const SHOWN = 12;

export const classification: Task = {
  options: explain,
  brief: (output) => `${String(output.label)} · ${inPercent((output.probabilities as Record<string, number>)[String(output.label)] ?? 0)}`,
  draw: (output) => {
    const label = String(output.label);
    const all = Object.entries(output.probabilities as Record<string, number>).sort(([, a], [, b]) => b - a);
    const rows = all.slice(0, SHOWN).map(([name, share]) => ({ name, share, value: inPercent(share), chosen: name === label }));
    const rest = all.length > SHOWN ? [h("p", { class: "sub" }, `and ${all.length - SHOWN} more`)] : [];
    const said = explained(output.tokens, `spoke for “${label}”`, "spoke against it");
    return [h("p", { class: "answer" }, label), bars("Probabilities", rows), ...rest, ...said];
  },
};
