/** What the server says about the run when the page opens (a JSON script in run.html). */

export interface Boot {
  id: string;
  name: string;
  status: string;
  /** What a token of this recipe is called: "character", "byte", "word" or "token". */
  unit: string;
  steps: number | null;
  recipe: Recipe;
  /** The task's kind, the metric that stands for it, what its loss counts. */
  task: string;
  headline: string;
  loss_unit: string;
  metrics: Record<string, Metric>;
  /** The best that any model can reach, where the data were made so that it is known. */
  optimum: { loss: number | null; metrics: Record<string, number>; words: string } | null;
  urls: { history: string; head: string; log: string };
}

/** How a metric is called and written; `higher` is better, null: neither. */
export interface Metric {
  label: string;
  format: "share" | "number";
  higher: boolean | null;
}

/** The filled recipe, as far as the page draws it. */
export interface Recipe {
  training: {
    learning_rate: number;
    warmup_steps: number;
    schedule: string;
    clip_norm: number;
    max_minutes?: number;
    patience?: number;
    evaluate_every: number;
    sequence_length: number;
  };
  sampling: { every: number };
}
