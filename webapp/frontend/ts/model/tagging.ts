/** A sentence with a tag for each token. */
import { colours, legend, sentence } from "../draw/tags";
import { h } from "../dom";
import type { Task } from "./task";
import { words } from "./inputs";

function tokensOf(output: Record<string, unknown>, input: unknown): string[] {
  if (Array.isArray(output.tokens)) return output.tokens.map(String);
  if (Array.isArray(input)) return input.map(String);
  return words(typeof input === "string" ? input : Object.values(input as Record<string, unknown>).join(" "));
}

export const tagging: Task = {
  unknown: "by the spelling alone",
  brief: (output) => (output.tags as string[]).join(" "),
  draw: (output, input, { labels }) => {
    const tags = output.tags as string[];
    const colour = colours(labels.length ? labels : tags);
    const used = new Map([...colour].filter(([kind]) => tags.some((tag) => tag.replace(/^[BIESLU]-/, "") === kind)));
    const none = used.size === 0 ? [h("p", { class: "sub" }, "It found nothing to tag here.")] : [legend(used)];
    return [sentence(tokensOf(output, input), tags, colour), ...none];
  },
};
