/** What the page of a model needs of a task: one such object a file, named in index.ts. */
import type { Output } from "./ask";

/** What the page says about the model (a JSON script). */
export interface Asked {
  kind: string;
  /** Its labels or tags. */
  labels: string[];
  input: { kind: string; columns: string[]; example: unknown };
  /** What one token is called. */
  unit: string;
}

export interface Task {
  /** The options that go with the inputs, from the form. */
  options?: (form: HTMLFormElement) => Output;
  /** How it reads a token that it does not know, where not as one that it calls unknown. */
  unknown?: string;
  /** One answer, drawn. */
  draw: (output: Output, input: unknown, asked: Asked) => Node[];
  /** One answer as a few words, for the table of many. */
  brief: (output: Output) => string;
}
