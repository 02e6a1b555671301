/** What it wrote for a source, the other answers that it had in mind, and where it looked. */
import { bars, inPercent } from "../draw/bars";
import { attention } from "../draw/heat";
import { h } from "../dom";
import type { Task } from "./task";

interface Alternative {
  text: string;
  probability: number;
}

export const seq2seq: Task = {
  options: (form) => {
    const beam = Number((form.elements.namedItem("beam_size") as HTMLInputElement | null)?.value || 0);
    return beam ? { beam_size: beam, alternatives: beam } : {};
  },
  brief: (output) => String(output.text),
  draw: (output) => {
    const others = (output.alternatives ?? []) as Alternative[];
    const rows = others.map(({ text, probability }, i) => ({
      name: text || "(nothing)", share: probability, value: inPercent(probability), chosen: i === 0,
    }));
    const said = rows.length > 1 ? [h("h3", { class: "part" }, "What else it had in mind"), bars("Alternatives with their probabilities", rows)] : [];
    const matrix = output.attention as number[][] | undefined;
    const looked = matrix?.length
      ? [h("h3", { class: "part" }, "Where it looked"), attention(output.output_tokens as string[], output.source_tokens as string[], matrix)]
      : [];
    return [h("p", { class: "answer mono" }, String(output.text) || "(nothing)"), ...said, ...looked];
  },
};
