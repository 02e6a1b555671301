import assert from "node:assert/strict";
import { test } from "node:test";
import { gapAt } from "../../../webapp/frontend/ts/queue/gap";

const rows = [0, 50, 100, 180].map((top, i, tops) => ({ top, height: (tops[i + 1] ?? 230) - top }));

test("a dragged row takes the place of the last one whose middle it has passed", () => {
  assert.equal(gapAt(rows, 2, 140), 2);
  assert.equal(gapAt(rows, 2, 76), 2);
  assert.equal(gapAt(rows, 2, 74), 1);
  assert.equal(gapAt(rows, 2, -400), 0);
  assert.equal(gapAt(rows, 0, 141), 2);
  assert.equal(gapAt(rows, 0, 900), 3);
});
