import assert from "node:assert/strict";
import { test } from "node:test";
import { parted, told, toldOfMany } from "../../../webapp/frontend/ts/model/unknown";

test("what is unknown is counted in words", () => {
  const two = { unknown_at: [[0, 1], [2, 3]] as [number, number][], tokens_read: 7 };
  assert.equal(told(two, "word"), "2 of 7 words are unknown to this model: it reads them as “unknown”.");
  const one = { unknown_at: [[0, 1]] as [number, number][], tokens_read: 1200 };
  assert.equal(told(one, "character"), "1 of 1,200 characters is unknown to this model: it reads it as “unknown”.");
  assert.equal(told({ ...one, tokens_read: 1 }, "word", "by the spelling alone"), "This word is unknown to this model: it reads it by the spelling alone.");
});

test("a text is cut where it is unknown, by characters as people count them", () => {
  assert.deepEqual(parted("a 😀zyx b!", { unknown_at: [[3, 6], [8, 9]], tokens_read: 4 }), ["a 😀", "zyx", " b", "!", ""]);
  assert.deepEqual(parted("日本a", { unknown_at: [[0, 1], [1, 2]], tokens_read: 3 }), ["", "日本", "a"]);
  assert.deepEqual(parted(["The", "zyx", "barks"], { unknown_at: [[1, 2]], tokens_read: 3 }), ["The ", "zyx ", "barks "]);
});

test("of many answers it is said how many", () => {
  const strange = { label: "x", unknown_at: [[0, 1]], tokens_read: 2 };
  assert.equal(toldOfMany([{ label: "x" }, { label: "y" }], "word"), "");
  assert.match(toldOfMany([{ label: "x" }, strange], "word"), /^1 of 2 inputs has words that are unknown to this model/);
});
