/** Any other task: its answer as it came. */
import { h } from "../dom";
import type { Task } from "./task";

export const generic: Task = {
  brief: (output) => JSON.stringify(output),
  draw: (output) => [h("pre", { tabindex: 0, "aria-label": "Answer" }, JSON.stringify(output, null, 2))],
};
