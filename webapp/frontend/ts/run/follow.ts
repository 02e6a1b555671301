/** A run that is followed: its history first, then what it states, however often the line breaks. */
import { checked } from "../session";
import { Link, type LinkState, backOff } from "../socket";
import { Feed, type History, type Points, type RunEvent } from "./feed";

const LIVE_TAIL = 1500; // live points after which the whole is asked for again, thinned
const SILENCE = 30_000; // ms; a training that says nothing for so long: the line may be dead

export interface Watcher {
  /** How many points across can be told apart. */
  width: () => number;
  /** Whether the run trains, and silence is no good sign. */
  trains: () => boolean;
  /** The feed has taken an event, or (null) was read anew as a whole. */
  changed: (event: RunEvent | null) => void;
  linked: (state: LinkState, why: string) => void;
}

/** The studio knows no such run, or none that the reader may see. */
class Gone extends Error {}

export class Follower {
  readonly feed = new Feed();
  #link: Link | null = null;
  #heardAt = Date.now();
  #tail = 0;

  constructor(private readonly id: string, private readonly history: string, private readonly watcher: Watcher) {}

  get heardAt(): number {
    return this.#link?.heardAt ?? this.#heardAt;
  }

  /** Reads the history, however often it takes: event by event a long run would be a million frames. False: it is gone. */
  async open(unread: () => void): Promise<boolean> {
    for (let tries = 0; ; tries++) {
      try {
        await this.#load();
        return true;
      } catch (error) {
        if (error instanceof Gone) {
          this.watcher.linked("closed", "gone");
          return false;
        }
        unread();
        await new Promise((again) => setTimeout(again, backOff(tries)));
      }
    }
  }

  /** Hears what the run states from here on. Twice is once. */
  start(): void {
    if (this.#link) return;
    this.#link = new Link({
      refresh: () => this.#load(),
      path: () => `/ws/runs/${this.id}?after=${this.feed.lastSeq}`,
      take: (frame) => this.#take(JSON.parse(frame) as RunEvent),
      onState: (state, why) => {
        if (state === "closed") this.stop();
        this.watcher.linked(state, why);
      },
      patience: () => (this.watcher.trains() && this.feed.started !== null ? SILENCE : null),
    });
    this.#link.start();
  }

  /** Hears no more until it is started again. */
  stop(): void {
    this.#heardAt = this.heardAt;
    this.#link?.stop();
    this.#link = null;
  }

  get started(): boolean {
    return this.#link !== null;
  }

  /** The points of a range of steps, as fine as a chart of that width shows them. Throws where they cannot be read. */
  async points(range: { min: number; max: number }, width: number): Promise<Points> {
    return (await this.#read({ start: String(range.min), end: String(range.max), width: String(width) })).points;
  }

  async #read(query: Record<string, string>): Promise<History> {
    const response = checked(await fetch(`${this.history}?${new URLSearchParams(query)}`));
    if (response.status === 404) throw new Gone();
    if (!response.ok) throw new Error(`history: ${response.status}`);
    return (await response.json()) as History;
  }

  async #load(): Promise<void> {
    this.feed.load(await this.#read({ width: String(this.watcher.width()) }));
    this.#tail = 0;
    this.#heardAt = Date.now();
    this.watcher.changed(null);
  }

  #take(event: RunEvent): boolean {
    const outcome = this.feed.apply(event);
    if (outcome !== "applied") return outcome === "double";
    if (event.kind === "progress" && ++this.#tail >= LIVE_TAIL) void this.#thin();
    this.watcher.changed(event);
    return true;
  }

  async #thin(): Promise<void> {
    this.#tail = 0;
    const rewinds = (): number => this.feed.facts.filter(({ kind }) => kind === "rewound").length;
    const before = rewinds();
    try {
      const history = await this.#read({ width: String(this.watcher.width()) });
      if (rewinds() === before && history.last_seq <= this.feed.lastSeq) this.feed.thin(history.points);
    } catch {
      // All points stay: it is tried again after as many more.
    }
  }
}
