import assert from "node:assert/strict";
import { test } from "node:test";
import { ago } from "../../../webapp/frontend/ts/times";
import { bytes, compact, duration, number } from "../../../webapp/frontend/ts/units";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");

// The same figures as in tests/webapp/pages/test_units.py: a page and its script write numbers alike.
test("numbers have units", () => {
  assert.equal(number(1_115_394), "1,115,394");
  assert.equal(compact(9999), "9,999");
  assert.equal(plain(compact(1_340_000)), "1.34 M");
  assert.equal(plain(compact(99_960)), "100 k");
  assert.equal(plain(bytes(1)), "1 byte");
  assert.equal(plain(bytes(410_000_000)), "410 MB");
  assert.equal(plain(bytes(1_115_394)), "1.12 MB");
  assert.deepEqual([0.2, 200, 640, 5400, 93_600].map(duration).map(plain), ["0 s", "3 min 20 s", "10 min", "1 h 30 min", "1 d 2 h"]);
});

test("moments are told as time that has passed", () => {
  const now = new Date("2026-01-31T12:00:00Z");
  const before = (seconds: number): string => plain(ago(new Date(now.getTime() - 1000 * seconds), now));
  assert.deepEqual([3, 60, 3000, 7200, 200_000].map(before), ["just now", "1 min ago", "50 min ago", "2 h ago", "2 d ago"]);
  assert.match(before(30 * 86_400), /2026/);
  assert.equal(before(-5), "just now"); // a clock that is ahead
});
