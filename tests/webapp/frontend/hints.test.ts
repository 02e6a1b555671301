import assert from "node:assert/strict";
import { test } from "node:test";
import type { Boot, Recipe } from "../../../webapp/frontend/ts/run/boot";
import { Feed, type RunEvent } from "../../../webapp/frontend/ts/run/feed";
import { hint } from "../../../webapp/frontend/ts/run/hint";
import { isRight } from "../../../webapp/frontend/ts/evaluation/examples";
import { figures } from "../../../webapp/frontend/ts/run/kpis";
import { baselineName, say } from "../../../webapp/frontend/ts/run/words";
import { early, share, standing } from "../../../webapp/frontend/ts/run/progress";

const recipe: Recipe = {
  training: { learning_rate: 0.01, warmup_steps: 0, schedule: "cosine", clip_norm: 1, evaluate_every: 100, sequence_length: 128 },
  sampling: { every: 100 },
};

const boot: Boot = {
  id: "r", name: "Run", status: "running", unit: "character", steps: 1000, recipe, task: "language_model",
  headline: "bits_per_character", loss_unit: "nats per character", optimum: null,
  metrics: { bits_per_character: { label: "Bits per character", format: "number", higher: false } },
  urls: { history: "", head: "", log: "" },
};

/** A run of 1,000 steps whose validation is `valid` at each 100 steps and whose training loss is `training(step)`. */
function run(valid: number[], training = (step: number): number => 3 - step / 500, end: string | null = null, clipRate = 0.1): Feed {
  const feed = new Feed();
  const state = (kind: string, step: number, fields: object): void => {
    assert.equal(feed.apply({ seq: feed.lastSeq + 1, at: "", kind, step, ...fields } as RunEvent), "applied");
  };
  state("started", 0, { device: "cpu", precision: "float32" });
  state("baseline", 0, { name: "3-gram", loss: 2.5, metrics: { bits_per_character: 3.61 } });
  valid.forEach((loss, i) => {
    for (let step = 100 * i + 10; step <= 100 * (i + 1); step += 10) {
      state("progress", step, { epoch: 1, seconds: step, loss: training(step), learning_rate: 0.01, grad_norm: 0.5, tokens_per_second: 1000, remaining_seconds: 1000 - step });
    }
    state("evaluated", 100 * (i + 1), { split: "valid", loss, metrics: { bits_per_character: loss / Math.LN2 } });
    state("diagnosed", 100 * (i + 1), { gradient_by_lag: [[0, 1], [1, 0.5], [2, 0.001]], effective_lag: 1, clip_rate: clipRate, saturation: 0 });
  });
  if (end) state(end, 100 * valid.length, { seconds: 1 });
  return feed;
}

const said = (feed: Feed, dismissed: string[] = []): string | undefined => hint(feed, recipe, "character", new Set(dismissed))?.id;

test("learning by heart is said when validation rises while training falls", () => {
  assert.equal(said(run([2.2, 1.9, 1.95, 2.0, 2.05])), "overfits");
  assert.equal(said(run([2.2, 1.9, 1.8, 1.7])), undefined, "validation still falls");
  assert.equal(said(run([2.2, 1.9, 1.95])), undefined, "one worse evaluation is no trend");
  assert.equal(said(run([2.2, 1.9, 1.95, 2.0, 2.05], () => 2)), undefined, "training does not fall either");
});

test("gradients that are nearly always cut are said", () => {
  assert.equal(said(run([2.2, 2.1], undefined, null, 0.95)), "clips");
  assert.equal(said(run([2.2, 2.1], undefined, null, 0.5)), undefined);
});

test("a baseline that wins is said at the end, and first of all", () => {
  assert.equal(said(run([2.9, 2.8], undefined, "finished", 0.95)), "baseline");
  assert.equal(said(run([2.9, 2.8])), undefined, "it may still fall below");
});

test("a short reach is said at the end, with the length that would do", () => {
  const found = hint(run([2.2, 2.1], undefined, "finished"), recipe, "character", new Set());
  assert.equal(found?.id, "reach");
  assert.match(found?.text ?? "", /sequence length of 16 instead of 128/);
});

test("one hint at a time, none that was dismissed, none on a run that failed", () => {
  const worst = run([2.6, 2.55, 2.6, 2.65, 2.7], undefined, "finished", 0.95);
  assert.equal(said(worst), "baseline");
  assert.equal(said(worst, ["baseline"]), "overfits");
  assert.equal(said(worst, ["baseline", "overfits", "clips", "reach"]), undefined);
  assert.equal(said(run([2.9, 2.8], undefined, "failed", 0.95)), undefined);
});

test("the figures stand beside the strongest baseline", () => {
  const shown = figures(run([2.2, 1.54]), boot);
  assert.deepEqual([shown.loss?.value, shown.loss?.note, shown.loss?.tone], ["1.540", "0.96 below the 3-gram", "good"]);
  assert.deepEqual([shown.headline?.value, shown.headline?.note], ["2.22", "3-gram 3.61"]);
  assert.deepEqual([shown.clipped?.value, shown.clipped?.note], ["10\u00a0%", "steps 101 to 200"]);
  assert.equal(shown.speed?.value, "1,000");
  assert.deepEqual(figures(run([2.9]), boot).loss?.tone, "bad");
  assert.match(figures(new Feed(), boot).loss?.note ?? "", /first at step 100/);
});

test("progress goes by steps where they are planned, else by time", () => {
  assert.equal(share(run([2, 2]), 1000), 0.2);
  assert.equal(share(run([2, 2]), null), 0.2);
  assert.equal(share(run([2, 2], undefined, "finished"), 1000), 1);
  assert.equal(share(run([2, 2], undefined, "finished"), 1000, "running"), 0.2, "continued: the feed is still another's");
  assert.equal(share(new Feed(), null), 0);
});

test("an end that was just told is no start, one of the run before is", () => {
  const over = run([2, 2], undefined, "finished");
  assert.equal(standing(over, "running", undefined), "ending");
  assert.equal(standing(over, "running", over.ended?.seq), "running");
  assert.equal(standing(over, "finished", undefined), "finished");
  assert.equal(standing(run([2]), "running", undefined), "running");
});

test("a run that ended before its last step says why, where that was measured", () => {
  const patient = { training: { ...recipe.training, patience: 3 } };
  const over = run([2.2, 1.9, 2.0, 2.0, 2.0], undefined, "finished");
  assert.equal(early(over, 10_000, patient), "validation was best at step 200");
  assert.equal(early(over, 10_000, recipe), "", "nobody asked for patience");
  assert.equal(early(over, 500, patient), "", "it came to its end");
  assert.equal(early(over, 10_000, { training: { ...recipe.training, max_minutes: 1 / 60 } }), "its time of 1\u00a0s was over");
  assert.equal(early(run([2.2, 1.9, 2.0, 2.0, 2.0], undefined, "stopped"), 10_000, patient), "", "somebody stopped it");
});

test("an answer that is a digit is right or wrong like any other", () => {
  assert.equal(isRight({ output: "8", reference: "7" }), false);
  assert.equal(isRight({ output: "8 (12%)", reference: "8" }), true);
  assert.equal(isRight({ output: 8, reference: 7 }), null);
});

test("a failure and what to do about it are two sentences", () => {
  const failed = { seq: 1, at: "", kind: "failed", step: 6, error: "the loss grew", hint: "Lower the learning rate." } as RunEvent;
  assert.equal(say(failed, "word"), "Failed: the loss grew. Lower the learning rate.");
  assert.equal(say({ ...failed, error: "It broke.", hint: null } as unknown as RunEvent, "word"), "Failed: It broke.");
});

test("baselines have names that fit into a sentence", () => {
  assert.deepEqual(["copy the source", "unigram", "3-gram", "uniform"].map((name) => baselineName(name, "word")),
    ["copy of the source", "word counts", "3-gram", "guessing"]);
});
