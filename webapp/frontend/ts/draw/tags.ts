/** Tokens with their tags: a colour for each kind of tag, and its name below, so that colour alone tells nothing. */
import { h } from "../dom";

const COLOURS = 8;
const OUTSIDE = new Set(["O", "_", ""]);

/** B-PER and I-PER are one kind. */
export function kindOf(tag: string): string {
  return tag.replace(/^[BIESLU]-/, "");
}

/** Which colour each kind of tag has: in the order of the model's tags, so that it is the same on every page. */
export function colours(tags: string[]): Map<string, number> {
  const kinds = [...new Set(tags.filter((tag) => !OUTSIDE.has(tag)).map(kindOf))];
  return new Map(kinds.map((kind, i) => [kind, i % COLOURS]));
}

/** The sentence. `truth`: the right tags, where they are known; a wrong one is struck and followed by the right one. */
export function sentence(tokens: string[], tags: string[], colour: Map<string, number>, truth?: string[]): HTMLElement {
  const words = tokens.map((token, i) => {
    const tag = tags[i] ?? "";
    const outside = OUTSIDE.has(tag);
    const wrong = truth !== undefined && truth[i] !== tag;
    const name = wrong ? h("small", {}, h("s", {}, tag), ` ${truth[i]}`) : h("small", {}, outside ? "" : tag);
    const found = colour.get(kindOf(tag));
    return h("span", { class: `tagged${wrong ? " wrong" : ""}`, "data-colour": outside ? null : found ?? 0 }, h("b", {}, token), name);
  });
  return h("p", { class: "sentence" }, ...words.flatMap((word) => [word, " "]));
}

export function legend(colour: Map<string, number>): HTMLElement {
  const kinds = [...colour].map(([kind, number]) => h("li", { class: "chip", "data-colour": number }, kind));
  return h("ul", { class: "plain legend", "aria-label": "Tags" }, ...kinds);
}
