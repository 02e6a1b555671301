/** What the server says about the run when the page opens (a JSON script in run.html). */

export interface Boot {
  id: string;
  name: string;
  status: string;
  /** What a token of this recipe is called: "character", "byte", "word" or "token". */
  unit: string;
  steps: number | null;
  recipe: Recipe;
  urls: { history: string; head: string; log: string };
}

/** The filled recipe, as far as the page draws it. */
export interface Recipe {
  training: {
    learning_rate: number;
    warmup_steps: number;
    schedule: string;
    clip_norm: number;
    max_minutes?: number;
    evaluate_every: number;
    sequence_length: number;
  };
  sampling: { every: number };
}
