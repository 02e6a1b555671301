/** What a model did not know of what it was asked: said in a sentence, and marked in the text that a person typed. */
import { h } from "../dom";
import { visible } from "../playground/tokens";
import { number } from "../units";

/** As an answer says it; see `rnncore.infer.unknown`. */
export interface Unknown {
  unknown_at: [number, number][];
  tokens_read: number;
}

export const isUnknown = (answer: object): answer is Unknown => "unknown_at" in answer;

/** `2 of 7 words are unknown to this model: it reads them as “unknown”.` `how` follows the verb. */
export function told({ unknown_at, tokens_read }: Unknown, unit: string, how = "as “unknown”"): string {
  const one = unknown_at.length === 1;
  const some = tokens_read === 1 ? `This ${unit}` : `${number(unknown_at.length)} of ${number(tokens_read)} ${unit}s`;
  return `${some} ${one ? "is" : "are"} unknown to this model: it reads ${one ? "it" : "them"} ${how}.`;
}

/** The text (or list) in parts, in turn known and unknown, the first known and maybe empty. */
export function parted(input: string | unknown[], { unknown_at }: Unknown): string[] {
  const items = typeof input === "string" ? [...input] : input.map((item) => `${String(item)} `);
  const spans: [number, number][] = [];
  for (const [start, end] of unknown_at) {
    const last = spans.at(-1);
    if (last?.[1] === start) last[1] = end;
    else spans.push([start, end]);
  }
  const edges = [0, ...spans.flat(), items.length];
  return edges.slice(1).map((end, i) => items.slice(edges[i], end).join(""));
}

/** The sentence and the text; nothing where all is known. */
export function marked(answer: object, input: unknown, unit: string, how?: string): Node[] {
  if (!isUnknown(answer) || !(typeof input === "string" || Array.isArray(input))) return [];
  const seen = (part: string): string => (typeof input === "string" ? visible(part) : part.trimEnd());
  const mark = (part: string): Node => h("mark", {}, h("span", { class: "sr" }, "unknown: "), seen(part));
  const text = parted(input, answer).flatMap((part, i) => (i % 2 ? [mark(part), typeof input === "string" ? "" : " "] : [part]));
  const typed = h("p", { class: "typed", tabindex: 0, role: "group", "aria-label": "What it was asked, with what is unknown marked" }, ...text);
  return [h("div", { class: "unknown", role: "note" }, h("p", { class: "hint" }, told(answer, unit, how)), typed)];
}

/** The same of many answers, in a sentence. */
export function toldOfMany(answers: object[], unit: string, how = "as “unknown”"): string {
  const some = answers.filter(isUnknown).length;
  if (some === 0) return "";
  const records = `${number(some)} of ${number(answers.length)} inputs ${some === 1 ? "has" : "have"}`;
  return `${records} ${unit}s that are unknown to this model: it reads them ${how}. The file to download says which.`;
}
