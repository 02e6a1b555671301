import assert from "node:assert/strict";
import { test } from "node:test";
import { Feed, type History, type RunEvent, countUpTo, emptyPoints } from "../../../webapp/frontend/ts/run/feed";

const point = (seq: number, step: number, loss: number | null = 2): RunEvent => ({
  seq, at: "2026-01-31T12:00:00.000Z", kind: "progress", step, epoch: step / 100, loss, learning_rate: 0.1,
  grad_norm: 1, tokens_per_second: 10, seconds: step / 10, remaining_seconds: 5,
});
const fact = (seq: number, kind: string, step: number, fields: object = {}): RunEvent => ({ seq, at: "2026-01-31T12:00:00.000Z", kind, step, ...fields });
const evaluated = (seq: number, step: number, loss: number | null): RunEvent => fact(seq, "evaluated", step, { split: "valid", loss, metrics: {} });

function fed(...events: RunEvent[]): Feed {
  const feed = new Feed();
  for (const event of events) assert.equal(feed.apply(event), "applied");
  return feed;
}

function history(feed: Feed): History {
  return structuredClone({ last_seq: feed.lastSeq, points: feed.points, facts: feed.facts, latest: feed.latest });
}

test("events count once and in order", () => {
  const feed = fed(fact(1, "started", 0), point(2, 5));
  assert.equal(feed.apply(point(2, 5)), "double");
  assert.deepEqual(feed.points.step, [5]);
});

test("a gap changes nothing, so that what is missing can still be asked for", () => {
  const feed = fed(point(1, 5));
  assert.equal(feed.apply(point(3, 9)), "gap");
  assert.equal(feed.lastSeq, 1);
  assert.deepEqual(feed.points.step, [5]);
  assert.equal(feed.apply(point(2, 7)), "applied");
  assert.equal(feed.apply(point(3, 9)), "applied");
  assert.deepEqual(feed.points.step, [5, 7, 9]);
});

test("history and then the live tail leave no hole and double nothing", () => {
  const all = [fact(1, "started", 0), point(2, 5), evaluated(3, 5, 1.5), point(4, 10), point(5, 15), evaluated(6, 15, 1.4)];
  const whole = fed(...all);
  for (let cut = 0; cut <= all.length; cut++) {
    const feed = new Feed();
    feed.load(history(fed(...all.slice(0, cut))));
    for (const event of all.slice(Math.max(0, cut - 2))) feed.apply(event); // the socket may repeat
    assert.deepEqual(history(feed), history(whole));
  }
});

test("a rewind takes back the facts of later steps, and only those", () => {
  const feed = fed(
    fact(1, "started", 0), fact(2, "baseline", 20, { name: "3-gram", loss: 2.5, metrics: {} }), point(3, 10), evaluated(4, 10, 2),
    point(5, 20), evaluated(6, 20, 1.5), fact(7, "sampled", 20, { prompt: "", temperature: 1, text: "x" }), fact(8, "rewound", 10),
  );
  assert.deepEqual(feed.points.step, [10]);
  assert.deepEqual(feed.evaluations().map(({ step }) => step), [10]);
  assert.deepEqual(feed.samples, []);
  assert.equal(feed.baselines.length, 1);
  assert.notEqual(feed.started, null);
  assert.equal(feed.latest, null);
  assert.equal(feed.step, 10);
  feed.apply(point(9, 12));
  assert.deepEqual(feed.points.step, [10, 12]);
  assert.equal(feed.points.loss.length, 2);
});

test("a thinned history is put in the place of the points, and what came after it stays", () => {
  const feed = fed(point(1, 1), point(2, 2), point(3, 3), point(4, 4));
  const thinned = emptyPoints();
  for (const step of [1, 3]) for (const column of Object.keys(thinned) as (keyof typeof thinned)[]) thinned[column].push(step);
  feed.thin(thinned);
  assert.deepEqual(feed.points.step, [1, 3, 4]);
  assert.equal(feed.points.loss.length, 3);
});

test("the best evaluation passes over what is no number", () => {
  const feed = fed(evaluated(1, 10, 1.5), evaluated(2, 20, null), evaluated(3, 30, 1.7));
  assert.equal(feed.best?.step, 10);
});

test("an end holds until a new attempt begins", () => {
  const feed = fed(fact(1, "started", 0), fact(2, "stopped", 5, { seconds: 1 }));
  assert.equal(feed.ended?.kind, "stopped");
  feed.apply(fact(3, "rewound", 5));
  assert.equal(feed.ended, null);
});

test("the strongest baseline comes first, each as it was last stated", () => {
  const baseline = (seq: number, name: string, loss: number): RunEvent => fact(seq, "baseline", 0, { name, loss, metrics: {} });
  const feed = fed(baseline(1, "uniform", 4), baseline(2, "3-gram", 2.6), baseline(3, "3-gram", 2.5));
  assert.deepEqual(feed.baselines.map(({ name, loss }) => [name, loss]), [["3-gram", 2.5], ["uniform", 4]]);
});

test("counting up to a step", () => {
  assert.deepEqual([-1, 0, 3, 5, 9].map((step) => countUpTo([0, 3, 5], step)), [0, 1, 2, 3, 3]);
});
