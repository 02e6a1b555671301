import assert from "node:assert/strict";
import { test } from "node:test";
import { fromFragment, newSeed, toFragment } from "../../../webapp/frontend/ts/playground/settings";
import { eventsOf } from "../../../webapp/frontend/ts/playground/sse";
import { inPercent, shadeOf, visible } from "../../../webapp/frontend/ts/playground/tokens";

const settings = { prompt: "ROMEO:\n€ & <b>“x”</b> #1 +2", length: 300, temperature: 0.85, top_k: 0, top_p: 0.95, seed: 9007199254740991, count: 2 };

test("a link carries all that it takes to write the same text again", () => {
  assert.deepEqual(fromFragment(`#${toFragment(settings)}`), settings);
  assert.deepEqual(fromFragment(toFragment({ ...settings, prompt: "" }))?.prompt, "");
});

test("what is no such link is left alone", () => {
  for (const fragment of ["", "#", "#model-card", "#prompt=x", "#prompt=x&length=a&temperature=1&top_k=0&top_p=1&seed=1&count=1"]) {
    assert.equal(fromFragment(fragment), null, fragment);
  }
});

test("seeds are whole numbers that the server takes", () => {
  for (let i = 0; i < 100; i++) {
    const seed = newSeed();
    assert.ok(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31);
  }
});

async function read(text: string, size: number): Promise<unknown[]> {
  const bytes = new TextEncoder().encode(text);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < bytes.length; i += size) yield bytes.slice(i, i + size);
  }
  const events = [];
  for await (const event of eventsOf(chunks())) events.push(event);
  return events;
}

test("events are whole however the network cuts them", async () => {
  const lines = [{ kind: "tokens", tokens: [{ token: "€\n\n", probability: 0.5 }] }, { kind: "done", seed: 1 }];
  const text = `: hello\n\nevent: tokens\ndata: ${JSON.stringify(lines[0])}\n\nevent: done\r\ndata:${JSON.stringify(lines[1])}\r\n\r\n`;
  for (const size of [1, 2, 3, 7, 1000]) assert.deepEqual(await read(text, size), lines);
  assert.deepEqual(await read("data: {\"cut\":", 3), []);
});

test("tokens that cannot be seen are shown by signs", () => {
  assert.deepEqual([visible(" "), visible("\n"), visible("the"), visible("")], ["␣", "↵", "the", "(end)"]);
  assert.deepEqual([0.9, 0.4, 0.1, 0.02, 0.001].map(shadeOf), [0, 1, 2, 3, 4]);
  assert.deepEqual([0.76, 0.063, 0.0001].map(inPercent), ["76\u00a0%", "6.3\u00a0%", "< 0.1\u00a0%"]);
});
