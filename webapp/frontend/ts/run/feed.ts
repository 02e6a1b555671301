/** What a run has stated so far: its history and the events that follow. Pure: knows no network and no page. */

export interface RunEvent {
  seq: number;
  at: string;
  kind: string;
  step: number;
  [field: string]: unknown;
}

/** Progress points as columns of equal length, ordered by step. Numbers that were not finite are null. */
export interface Points {
  step: number[];
  epoch: (number | null)[];
  seconds: (number | null)[];
  loss: (number | null)[];
  learning_rate: (number | null)[];
  grad_norm: (number | null)[];
  tokens_per_second: (number | null)[];
}

export const COLUMNS = ["step", "epoch", "seconds", "loss", "learning_rate", "grad_norm", "tokens_per_second"] as const;

/** What the server answers to /runs/<id>/history: thinned points, every other fact that still holds, and how far both reach. */
export interface History {
  last_seq: number;
  points: Points;
  facts: RunEvent[];
  /** The newest progress event that holds. */
  latest: RunEvent | null;
}

export interface Evaluation {
  step: number;
  split: string;
  loss: number | null;
  metrics: Record<string, number | null>;
}

/** A sample of any task: text that goes on from a prompt or was written for a label, an example, a forecast. */
export interface Sample {
  step: number;
  prompt?: string;
  label?: string;
  temperature?: number;
  text?: string;
  source?: string;
  output?: string;
  reference?: string;
  name?: string;
  times?: string[];
  history?: (number | null)[];
  truth?: (number | null)[];
  quantiles?: Record<string, (number | null)[]>;
}

export interface Baseline {
  name: string;
  loss: number | null;
  metrics: Record<string, number | null>;
}

export type Outcome = "applied" | "double" | "gap";

export function emptyPoints(): Points {
  return { step: [], epoch: [], seconds: [], loss: [], learning_rate: [], grad_norm: [], tokens_per_second: [] };
}

/** The number of leading entries of the ascending `steps` that are at most `step`. */
export function countUpTo(steps: number[], step: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle] as number) <= step) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The `finer` points of a part of a run up to step `end`, and of `points` what came since they were asked for. */
export function spliced(finer: Points, points: Points, end: number): Points {
  const from = countUpTo(points.step, Math.min(end, finer.step.at(-1) ?? -1));
  const merged = emptyPoints();
  for (const column of COLUMNS) merged[column] = [...finer[column], ...points[column].slice(from)] as number[];
  return merged;
}

/** Points up to and including `step`, in place. */
export function truncate(points: Points, step: number): void {
  const kept = countUpTo(points.step, step);
  for (const column of COLUMNS) points[column].length = kept;
}

// What holds whatever step a run goes on from.
const LASTING = new Set(["started", "baseline", "rewound"]);

export class Feed {
  lastSeq = 0;
  points: Points = emptyPoints();
  /** The newest progress event. */
  latest: RunEvent | null = null;
  /** Every fact that still holds and is no progress, in order. */
  facts: RunEvent[] = [];

  load(history: History): void {
    this.lastSeq = history.last_seq;
    this.points = history.points;
    this.facts = [...history.facts];
    this.latest = history.latest;
  }

  /** Takes one event: once, in order. On "gap" nothing changed, and what follows `lastSeq` has to be asked for. */
  apply(event: RunEvent): Outcome {
    if (event.seq <= this.lastSeq) return "double";
    if (event.seq > this.lastSeq + 1) return "gap";
    this.lastSeq = event.seq;
    if (event.kind === "progress") this.#addPoint(event);
    else this.#addFact(event);
    return "applied";
  }

  /** Exchanges the points for a thinned history of them, and keeps those that came after it. */
  thin(points: Points): void {
    const from = countUpTo(this.points.step, points.step.at(-1) ?? -1);
    for (const column of COLUMNS) (points[column] as Points[typeof column]).push(...(this.points[column].slice(from) as number[]));
    this.points = points;
  }

  #addPoint(event: RunEvent): void {
    this.latest = event;
    if (event.step <= (this.points.step.at(-1) ?? -1)) return;
    for (const column of COLUMNS) this.points[column].push((event[column] ?? null) as number);
  }

  #addFact(event: RunEvent): void {
    if (event.kind === "rewound") {
      truncate(this.points, event.step);
      this.facts = this.facts.filter((fact) => fact.step <= event.step || LASTING.has(fact.kind));
      if (this.latest !== null && this.latest.step > event.step) this.latest = null;
    }
    this.facts.push(event);
  }

  #of(kind: string): RunEvent[] {
    return this.facts.filter((fact) => fact.kind === kind);
  }

  get started(): RunEvent | null {
    return this.#of("started").at(-1) ?? null;
  }

  get diagnoses(): RunEvent[] {
    return this.#of("diagnosed");
  }

  /** How the run ended, or null while it may go on: an attempt that starts anew takes the end back. */
  get ended(): RunEvent | null {
    const last = this.facts.findLast((fact) => ["started", "rewound", "stopped", "finished", "failed"].includes(fact.kind));
    return last && last.kind !== "started" && last.kind !== "rewound" ? last : null;
  }

  evaluations(split = "valid"): Evaluation[] {
    return (this.#of("evaluated") as unknown as Evaluation[]).filter((fact) => fact.split === split);
  }

  get best(): Evaluation | null {
    let best: Evaluation | null = null;
    for (const each of this.evaluations()) {
      if (each.loss !== null && (best === null || each.loss < (best.loss as number))) best = each;
    }
    return best;
  }

  get samples(): Sample[] {
    return this.#of("sampled") as unknown as Sample[];
  }

  get checkpoints(): RunEvent[] {
    return this.#of("checkpointed");
  }

  /** The baselines by name, each as it was last stated, the strongest first. */
  get baselines(): Baseline[] {
    const byName = new Map(this.#of("baseline").map((fact) => [fact.name as string, fact as unknown as Baseline]));
    return [...byName.values()].sort((a, b) => (a.loss ?? Infinity) - (b.loss ?? Infinity));
  }

  get step(): number {
    return Math.max(this.points.step.at(-1) ?? 0, this.latest?.step ?? 0, this.facts.at(-1)?.step ?? 0);
  }
}
