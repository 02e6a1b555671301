/**
 * The socket of a run: what is past the last known event, then live. Whoever takes the events says what became of each;
 * after a gap the socket is opened anew from the last event in order, so nothing is missing and nothing is doubled.
 */
import type { Outcome, RunEvent } from "./feed";

export type LinkState = "connecting" | "live" | "offline" | "closed";

export interface LiveOptions {
  url: (after: number) => string;
  after: () => number;
  take: (event: RunEvent) => Outcome;
  onState: (state: LinkState, why: string) => void;
  /** How long a silence may last before the line counts as dead; null while nothing need be said. */
  patience?: () => number | null;
  open?: (url: string) => WebSocket;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;

/** Close codes after which trying again cannot help. */
const FINAL: Record<number, string> = { 4401: "signed out", 4404: "gone" };

/** Doubling, with up to a third taken off at random so that many pages do not return at once. */
export function backOff(tries: number, random = Math.random): number {
  return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** tries) * (1 - random() / 3);
}

export class Live {
  heardAt = Date.now();
  #options: LiveOptions;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #ended = false;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  start(): void {
    this.#connect();
    addEventListener("online", () => this.#hurry());
    addEventListener("offline", () => this.#drop("no network"));
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#hurry());
    setInterval(() => this.#checkSilence(), 5000);
  }

  #connect(): void {
    clearTimeout(this.#timer);
    const { url, after, open = (address: string) => new WebSocket(address) } = this.#options;
    const socket = open(url(after()));
    this.#socket = socket;
    socket.onopen = () => this.#isCurrent(socket) && this.#heard();
    socket.onmessage = (message) => this.#isCurrent(socket) && this.#receive(message.data as string);
    socket.onclose = (event) => this.#isCurrent(socket) && this.#closed(event.code);
  }

  #isCurrent(socket: WebSocket): boolean {
    return this.#socket === socket && !this.#ended;
  }

  #heard(): void {
    this.heardAt = Date.now();
    this.#options.onState("live", "");
  }

  #receive(frame: string): void {
    this.#heard();
    const outcome = this.#options.take(JSON.parse(frame) as RunEvent);
    if (outcome === "gap") this.#drop("an event was missed");
    else this.#tries = 0;
  }

  #closed(code: number): void {
    const why = FINAL[code];
    if (why !== undefined) {
      this.#ended = true;
      this.#options.onState("closed", why);
    } else {
      this.#drop("the connection was lost");
    }
  }

  /** Lets go of the socket, whatever state it is in, and tries again after a while. */
  #drop(why: string): void {
    if (this.#ended) return;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#options.onState("offline", why);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#options.onState("connecting", why);
      this.#connect();
    }, backOff(this.#tries++));
  }

  #hurry(): void {
    if (this.#ended || this.#socket?.readyState === WebSocket.OPEN) return;
    this.#tries = 0;
    this.#connect();
  }

  #checkSilence(): void {
    const patience = this.#options.patience?.() ?? null;
    if (patience === null || this.#socket?.readyState !== WebSocket.OPEN) return;
    if (Date.now() - this.heardAt > patience) this.#drop("nothing was heard");
  }
}
