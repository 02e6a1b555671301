/** A number, and what raised or lowered it. */
import { h } from "../dom";
import { short } from "../run/format";
import { explain, explained } from "./pooled";
import type { Task } from "./task";

export const regression: Task = {
  options: explain,
  brief: (output) => short(output.value as number),
  draw: (output) => [
    h("p", { class: "answer number" }, short(output.value as number)),
    ...explained(output.tokens, "raised it", "lowered it"),
  ],
};
