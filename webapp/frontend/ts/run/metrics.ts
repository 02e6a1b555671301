/** Metrics of any task, as people read them. Pure. */
import type { Boot, Metric } from "./boot";
import type { Baseline, Feed } from "./feed";
import { type Maybe, MISSING, given, short } from "./format";

export function metricOf(boot: Boot, name: string): Metric {
  const plain = name.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());
  return boot.metrics[name] ?? { label: plain, format: "number", higher: false };
}

/** 0.912 → 91.2 %; 0.8123 → 0.812 */
export function written(metric: Metric, value: Maybe): string {
  if (!given(value)) return MISSING;
  return metric.format === "share" ? `${(100 * value).toFixed(1)}\u00a0%` : short(value);
}

/** The baseline that is hardest to beat in a metric; null where none has it. */
export function hardest(feed: Feed, name: string, metric: Metric): { baseline: Baseline; value: number } | null {
  let found: { baseline: Baseline; value: number } | null = null;
  for (const baseline of feed.baselines) {
    const value = baseline.metrics[name];
    if (!given(value)) continue;
    if (found === null || (metric.higher ? value > found.value : value < found.value)) found = { baseline, value };
  }
  return found;
}

/** The metrics that were measured, the one that stands for the task first. */
export function measured(feed: Feed, headline: string): string[] {
  const names = new Set(feed.evaluations().flatMap(({ metrics }) => Object.keys(metrics)));
  return [...names].sort((a, b) => Number(b === headline) - Number(a === headline));
}
