/** The tasks that have a page of their own; any other is shown as `generic`. */
import { classification } from "./classification";
import { forecasting } from "./forecasting";
import { generic } from "./generic";
import { regression } from "./regression";
import { seq2seq } from "./seq2seq";
import { tagging } from "./tagging";
import type { Task } from "./task";

const TASKS: Record<string, Task> = { classification, regression, tagging, seq2seq, forecasting };

export function taskOf(kind: string): Task {
  return TASKS[kind] ?? generic;
}
