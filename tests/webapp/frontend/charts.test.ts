import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { AXES, Scale, ends, inSight, roundUp } from "../../../webapp/frontend/ts/run/axis";
import { Feed, type Points, type RunEvent, emptyPoints } from "../../../webapp/frontend/ts/run/feed";
import { alike, fine, loss, percents, short, thousands } from "../../../webapp/frontend/ts/run/format";
import { type Label, spread } from "../../../webapp/frontend/ts/run/labels";
import { reached } from "../../../webapp/frontend/ts/run/lag";
import { future, learningRateAt } from "../../../webapp/frontend/ts/run/schedule";
import { smooth } from "../../../webapp/frontend/ts/run/smooth";
import { sparkPath } from "../../../webapp/frontend/ts/run/spark";

const expected = JSON.parse(readFileSync(process.env.EXPECTED as string, "utf8"));
const near = (a: number, b: number, within: number): void => assert.ok(Math.abs(a - b) <= within, `${a} is not near ${b}`);

test("the planned learning rate is the trainer's", () => {
  for (const { plan, end, rates } of expected.schedules) {
    rates.forEach((rate: number, i: number) => near(learningRateAt(plan, i + 1, end), rate, 1e-12));
  }
});

test("the plan leads on from now: a plateau from its lowered rate, a warm-up from where it is", () => {
  const plateau = { learning_rate: 0.1, warmup_steps: 0, schedule: "plateau" };
  const [steps, rates] = future(plateau, 50, 0.025, 100);
  assert.deepEqual([steps[0], steps.at(-1), rates[0], rates.at(-1)], [50, 100, 0.025, 0.025]);
  assert.deepEqual(future(plateau, 100, 0.025, 100), [[], []]);
});

test("a sparkline is drawn as the server draws it", () => {
  assert.equal(sparkPath(expected.spark.points), expected.spark.path);
  assert.equal(sparkPath([[1, 2]]), null);
});

test("smoothing keeps a straight line where it is: it does not lag", () => {
  const steps = Array.from({ length: 500 }, (_, i) => 2 * i);
  const line = steps.map((step) => 5 - step / 500);
  const smoothed = smooth(steps, line, 1000);
  for (let i = 30; i < 470; i++) near(smoothed[i] as number, line[i] as number, 0.004);
});

test("smoothing quiets noise and passes over what is no number", () => {
  const steps = Array.from({ length: 400 }, (_, i) => i);
  const noisy = steps.map((step) => (step === 200 ? null : 2 + (step % 2 ? 0.5 : -0.5)));
  const smoothed = smooth(steps, noisy, 400);
  assert.equal(smoothed[200], null);
  for (let i = 150; i < 380; i++) if (i !== 200) near(smoothed[i] as number, 2, 0.12);
});

test("a point that stands for many steps weighs as many", () => {
  const smoothed = smooth([1000, 1001, 1010], [1, 1, 2], 1000);
  assert.ok((smoothed[1] as number) > 1.6, String(smoothed));
});

test("labels keep apart and inside", () => {
  const label = (y: number, fixed = false): Label => ({ text: "", color: "", weight: 400, width: 80, x: fixed ? Infinity : 190, y, fixed });
  const bounds = { right: 240, top: 0, bottom: 100 };
  const placed = spread([label(50), label(51), label(50, true), label(99), label(100)], bounds);
  assert.equal(placed[0]?.y, 50, "a fixed label stays");
  for (const [i, one] of placed.entries()) {
    assert.ok(one.x + one.width <= bounds.right && one.y >= bounds.top && one.y <= bounds.bottom);
    for (const other of placed.slice(i + 1)) assert.ok(Math.abs(one.y - other.y) >= 15, `${one.y} and ${other.y}`);
  }
});

test("a label that is moved in stands above all lines there, that of the lower line nearest to them", () => {
  const label = (text: string, y: number): Label => ({ text, color: "", weight: 400, width: 80, x: 190, y, fixed: false, roof: 60 });
  const placed = spread([label("upper", 70), label("lower", 90)], { right: 240, top: 0, bottom: 100 });
  assert.deepEqual(placed.map(({ text, x, y }) => [text, x, y]), [["lower", 160, 48], ["upper", 160, 33]]);
});

function points(steps: number[], seconds: (number | null)[]): Points {
  const result = emptyPoints();
  steps.forEach((step, i) => {
    result.step.push(step);
    result.seconds.push(seconds[i] ?? null);
    for (const column of ["epoch", "loss", "learning_rate", "grad_norm", "tokens_per_second"] as const) result[column].push(step / 100);
  });
  return result;
}

test("steps and seconds map onto one another, also between and beyond the points", () => {
  const scale = new Scale(points([10, 20, 40], [5, 10, 30]), "seconds");
  for (const [step, seconds] of [[0, 0], [10, 5], [15, 7.5], [40, 30], [50, 40]] as const) {
    near(scale.fromStep(step), seconds, 1e-9);
    near(scale.toStep(seconds), step, 1e-9);
  }
});

test("time that went back after a rewind is passed over", () => {
  const scale = new Scale(points([10, 20, 30], [5, 4, 9]), "seconds");
  near(scale.fromStep(30), 9, 1e-9);
});

function running(step: number, fields: object = {}): Feed {
  const feed = new Feed();
  feed.apply({ seq: 1, at: "", kind: "progress", step, epoch: 1, seconds: 100, loss: 2, learning_rate: 1, grad_norm: 1, tokens_per_second: 1, remaining_seconds: null, ...fields } as RunEvent);
  return feed;
}

test("the axis reaches to the planned last step, else to where the time that is left leads", () => {
  assert.equal(ends(running(500), 2000).step, 2000);
  assert.equal(ends(running(500), 2000).epoch, 4);
  assert.equal(ends(running(500, { remaining_seconds: 300 }), null).step, 2000);
  assert.equal(ends(new Feed(), null).step, 1);
  const over = running(500);
  over.apply({ seq: 2, at: "", kind: "stopped", step: 500, seconds: 1 });
  assert.equal(ends(over, 2000).step, 500);
});

test("a long run is seen from its beginning, and whole once a fifth of it is done", () => {
  assert.deepEqual([0, 10, 100, 199, 200, 900].map((done) => inSight(1000, done)), [1000, 32, 500, 500, 1000, 1000]);
  assert.equal(inSight(1_000_000, 1000), 3907);
  const feed = running(100);
  assert.deepEqual(ends(feed, 1_000_000), { step: 489, epoch: 4.89, seconds: 500 });
  feed.apply({ seq: 2, at: "", kind: "failed", step: 100, error: "", hint: "" });
  assert.equal(ends(feed, 1_000_000).step, 489, "also where it has failed");
});

test("axes grow in strides", () => {
  assert.deepEqual([1, 1.1, 230, 999, 1000].map(roundUp), [1, 1.2, 250, 1000, 1000]);
});

test("figures have the digits that they are worth", () => {
  assert.deepEqual([loss(1.5494), loss(null), loss(123456), short(0.004), short(0.00042), short(30912.4)], ["1.549", "–", "1.23e5", "0.004", "4.2e-4", "30,912"]);
  assert.deepEqual(alike([1, 1.5, 2]), ["1.0", "1.5", "2.0"]);
  assert.deepEqual(alike([0.25, 0.5]), ["0.25", "0.50"]);
});

test("an axis has one unit, and no two of its figures read alike", () => {
  const spaced = (texts: string[]): string[] => texts.map((text) => text.replace("\u00a0", " "));
  assert.deepEqual(spaced(thousands([0, 50_000, 100_000])), ["0", "50 k", "100 k"]);
  assert.deepEqual(spaced(thousands([0, 500_000, 1_000_000])), ["0", "0.5 M", "1 M"]);
  assert.deepEqual(thousands([0, 2500, 5000]), ["0", "2,500", "5,000"]);
  assert.deepEqual(spaced(percents([0.065, 0.066, 0.07])), ["6.5 %", "6.6 %", "7.0 %"]);
  assert.deepEqual(spaced(percents([0, 0.005, 0.01])), ["0.0 %", "0.5 %", "1.0 %"]);
  assert.deepEqual(fine([0, 0.0005, 0.001]), ["0.0000", "0.0005", "0.0010"]);
  assert.deepEqual(fine([0, 0.00002]), ["0", "2e-5"]);
  assert.deepEqual(AXES.step.ticks([0, 100_000]).length, 2);
});

test("a reach is said only as far as it was measured", () => {
  assert.equal(reached(4, 32, "word"), "below 1 % beyond 4 words");
  assert.equal(reached(1, 32, "word"), "below 1 % beyond 1 word");
  assert.equal(reached(128, 128, "step"), "still above 1 % at 128 steps");
});
