/**
 * A socket that comes back: opened anew after a loss, with growing pauses, at once when the network or the reader
 * returns. It carries frames and knows nothing of what they say.
 */
import { heard } from "./offline";

export type LinkState = "connecting" | "live" | "offline" | "closed";

export interface LinkOptions {
  /** The path to open, asked for anew at each try. */
  path: () => string;
  /** Takes a frame; false when one before it is missing: the socket is opened anew. */
  take: (frame: string) => boolean;
  onState: (state: LinkState, why: string) => void;
  /** Brings the reader up to date in one piece after a long absence, before the socket tells what came since. */
  refresh?: () => Promise<void>;
  /** How many ms a silence may last before the line counts as dead; null while none need be heard. */
  patience?: () => number | null;
  open?: (url: string) => WebSocket;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
const ABSENCE = 600_000; // ms after which catching up event by event would take longer than reading all anew
const OPEN = 1;

/** Close codes after which trying again cannot help. */
const FINAL: Record<number, string> = { 4401: "signed out", 4404: "gone" };

/** Doubling, with up to a third taken off at random so that many pages do not return at once. */
export function backOff(tries: number, random = Math.random): number {
  return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** tries) * (1 - random() / 3);
}

function openHere(path: string): WebSocket {
  return new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`);
}

export class Link {
  heardAt = Date.now();
  #options: LinkOptions;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #attempt = 0;
  #ended = false;
  #listening = new AbortController();
  #watch: ReturnType<typeof setInterval> | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  start(): void {
    this.#connect();
    const { signal } = this.#listening;
    addEventListener("online", () => this.#hurry(), { signal });
    addEventListener("offline", () => this.#drop("no network"), { signal });
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#hurry(), { signal });
    this.#watch = setInterval(() => this.#checkSilence(), 5000);
  }

  /** For good: it says nothing more, and hears nothing. */
  stop(): void {
    this.#ended = true;
    this.#listening.abort();
    clearInterval(this.#watch);
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #connect(): void {
    clearTimeout(this.#timer);
    const old = this.#socket;
    this.#socket = null;
    old?.close();
    const attempt = ++this.#attempt;
    const { refresh } = this.#options;
    if (!refresh || Date.now() - this.heardAt < ABSENCE) return this.#open();
    const still = (): boolean => attempt === this.#attempt && !this.#ended;
    refresh().then(
      () => still() && this.#open(),
      () => still() && this.#drop("the server did not answer"),
    );
  }

  #open(): void {
    const { path, open = openHere } = this.#options;
    const socket = open(path());
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
    heard();
    this.#options.onState("live", "");
  }

  #receive(frame: string): void {
    this.#heard();
    if (this.#options.take(frame)) this.#tries = 0;
    else this.#drop("something was missed");
  }

  #closed(code: number): void {
    const why = FINAL[code];
    if (why === undefined) return this.#drop("the connection was lost");
    this.stop();
    this.#options.onState("closed", why);
  }

  /** Lets go of the socket, whatever state it is in, and tries again after a while. */
  #drop(why: string): void {
    if (this.#ended) return;
    const socket = this.#socket;
    this.#socket = null;
    this.#attempt++;
    socket?.close();
    this.#options.onState("offline", why);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#options.onState("connecting", why);
      this.#connect();
    }, backOff(this.#tries++));
  }

  #hurry(): void {
    if (this.#ended || this.#socket?.readyState === OPEN) return;
    this.#tries = 0;
    this.#connect();
  }

  #checkSilence(): void {
    const patience = this.#options.patience?.() ?? null;
    if (patience === null || this.#socket?.readyState !== OPEN) return;
    if (Date.now() - this.heardAt > patience) this.#drop("nothing was heard");
  }
}
