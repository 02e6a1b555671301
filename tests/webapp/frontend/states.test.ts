// What pages say when something could not be fetched, and whether typed text would be lost.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, words as offline } from "../../../webapp/frontend/ts/offline";
import { typed } from "../../../webapp/frontend/ts/session";

const field = (type: string, value: string, defaultValue = "") => ({ type, value, defaultValue });

test("offline and a studio that is away are told apart, with the time of what one sees", () => {
  const at = new Date(2026, 0, 31, 14, 5);
  assert.equal(offline(false, at), `You are offline; what you see is from ${clock(at)}.`);
  assert.match(offline(true, at), /^The studio does not answer; what you see is from /);
  assert.match(clock(at), /0?5/);
});

test("only text that somebody wrote would be lost", () => {
  assert.equal(typed([]), false);
  assert.equal(typed([field("text", "as it came", "as it came"), field("hidden", "token")]), false);
  assert.equal(typed([field("radio", "dark"), field("checkbox", "on"), field("file", "C:\\a.txt"), field("range", "5")]), false);
  assert.equal(typed([field("text", "same", "same"), field("textarea", "a new note")]), true);
  assert.equal(typed([field("number", "400", "200")]), true);
});
