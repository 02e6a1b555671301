// What pages say when something could not be fetched, and whether typed text would be lost.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, words as offline } from "../../../webapp/frontend/ts/offline";
import { told } from "../../../webapp/frontend/ts/run/line";
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

test("who is offline hears it once, however often the line is tried", () => {
  const said: string[] = [];
  let now = "";
  for (const [state, why] of [["connecting", ""], ["live", ""], ["connecting", "lost"], ["offline", "lost"], ["connecting", "lost"], ["offline", "lost"], ["live", ""]] as const) {
    const next = told(state, why, now, "gone");
    if (next !== now) said.push(next);
    now = next;
  }
  assert.deepEqual(said, ["Connecting again", "Offline, trying again", ""]);
  assert.equal(told("closed", "gone", now, "It is no longer there"), "It is no longer there");
});
