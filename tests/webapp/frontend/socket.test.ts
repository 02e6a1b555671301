import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Link, type LinkOptions, type LinkState, backOff } from "../../../webapp/frontend/ts/socket";

const listeners = new Map<string, () => void>();
const page = { addEventListener: (name: string, call: () => void) => listeners.set(name, call), visibilityState: "visible" };
Object.assign(globalThis, { addEventListener: page.addEventListener, document: page });

class FakeSocket {
  static opened: FakeSocket[] = [];
  readyState = 0;
  onopen?: () => void;
  onmessage?: (message: { data: string }) => void;
  onclose?: (event: { code: number }) => void;

  constructor(readonly path: string) {
    FakeSocket.opened.push(this);
  }

  accept(...frames: string[]): void {
    this.readyState = 1;
    this.onopen?.();
    for (const data of frames) this.onmessage?.({ data });
  }

  close(code = 1005): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

const states: LinkState[] = [];

function link(options: Partial<LinkOptions> = {}): Link {
  let seen = 0;
  return new Link({
    path: () => `/ws?after=${seen}`,
    take: (frame) => (Number(frame) > seen + 1 ? false : ((seen = Math.max(seen, Number(frame))), true)),
    onState: (state) => states.push(state),
    open: (path) => new FakeSocket(path) as unknown as WebSocket,
    ...options,
  });
}

const newest = (): FakeSocket => FakeSocket.opened.at(-1) as FakeSocket;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  [FakeSocket.opened.length, states.length] = [0, 0];
});
afterEach(() => mock.timers.reset());

test("after a loss it goes on from the last event", () => {
  link().start();
  newest().accept("1", "2");
  newest().close(1006);
  assert.equal(states.at(-1), "offline");
  mock.timers.tick(500);
  assert.equal(FakeSocket.opened.length, 2);
  assert.equal(newest().path, "/ws?after=2");
  newest().accept("3");
  assert.equal(states.at(-1), "live");
});

test("after a gap it asks anew, and what the old socket still says is not heard", () => {
  link().start();
  const old = newest();
  old.accept("1", "3", "2");
  mock.timers.tick(500);
  assert.equal(FakeSocket.opened.length, 2);
  assert.equal(newest().path, "/ws?after=1");
});

test("it tries ever less often, and not again where that cannot help", () => {
  link().start();
  const waits = [500, 1000, 2000, 4000, 8000, 15_000, 15_000];
  for (const [i, wait] of waits.entries()) {
    newest().close(1006);
    mock.timers.tick(wait);
    assert.equal(FakeSocket.opened.length, i + 2);
  }
  newest().accept();
  newest().close(4404);
  mock.timers.tick(60_000);
  assert.equal(FakeSocket.opened.length, waits.length + 1);
  assert.equal(states.at(-1), "closed");
  assert.deepEqual([backOff(0, () => 0), backOff(20, () => 0), Math.round(backOff(0, () => 1))], [500, 15_000, 333]);
});

test("when the network is back it does not wait", () => {
  link().start();
  newest().accept("1");
  listeners.get("offline")?.();
  assert.equal(states.at(-1), "offline");
  listeners.get("online")?.();
  assert.equal(FakeSocket.opened.length, 2);
  mock.timers.tick(20_000);
  assert.equal(FakeSocket.opened.length, 2, "the wait that was planned is called off");
});

test("a line that fell silent is given up, unless silence is as it should be", () => {
  let patience: number | null = null;
  link({ patience: () => patience }).start();
  newest().accept("1");
  mock.timers.tick(120_000);
  assert.equal(FakeSocket.opened.length, 1);
  patience = 30_000;
  mock.timers.tick(5000);
  mock.timers.tick(500);
  assert.equal(FakeSocket.opened.length, 2);
});

test("after a long absence all is read anew before the socket goes on", async () => {
  const asked: (() => void)[] = [];
  link({ refresh: () => new Promise<void>((done) => asked.push(done)) }).start();
  assert.equal(asked.length, 0, "not at the start");
  newest().accept("1");
  newest().close(1006);
  mock.timers.tick(500);
  assert.deepEqual([asked.length, FakeSocket.opened.length], [0, 2], "nor after a short loss");
  newest().accept("2");
  mock.timers.setTime(Date.now() + 3_600_000);
  newest().close(1006);
  mock.timers.tick(500);
  assert.deepEqual([asked.length, FakeSocket.opened.length], [1, 2], "first what was missed, in one piece");
  asked[0]?.();
  await Promise.resolve();
  assert.equal(FakeSocket.opened.length, 3);
});

test("when reading anew fails it is tried again", async () => {
  link({ refresh: () => Promise.reject(new Error("no server")) }).start();
  newest().accept("1");
  mock.timers.setTime(Date.now() + 3_600_000);
  newest().close(1006);
  mock.timers.tick(500);
  await new Promise((next) => setImmediate(next));
  assert.equal(states.at(-1), "offline");
  assert.equal(FakeSocket.opened.length, 1);
});

test("one that is stopped says nothing more and never comes back", () => {
  const line = link();
  line.start();
  newest().accept("1");
  line.stop();
  assert.equal(newest().readyState, 3);
  mock.timers.tick(120_000);
  assert.deepEqual([FakeSocket.opened.length, states.at(-1)], [1, "live"]);
});
