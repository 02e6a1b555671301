/** The runs that are compared: what the server said of each, how it is drawn, and what it states while it trains. */
import type { Feed } from "../run/feed";
import { Follower, type Watcher } from "../run/follow";

export interface Compared {
  id: string;
  name: string;
  task: string;
  steps: number | null;
  history: string;
}

/** Where a run stands, by its row. `seq`: of the newest event in the studio. */
export interface Standing {
  status: string;
  seq: number;
}

const COLORS = 4;
const DASH = [7, 4];
const UNDER_WAY = new Set(["queued", "running"]);
export const DELETED = "deleted";

export class Member {
  readonly id: string;
  readonly task: string;
  readonly feed: Feed;
  readonly follower: Follower;
  /** A design token; four colours, and from the fifth run on the same again with dashes. */
  readonly color: string;
  readonly dash: number[] | undefined;
  /** Whether its history is here. */
  read = false;

  constructor(private readonly run: Compared, place: number, public standing: Standing, watcher: Omit<Watcher, "trains">) {
    const { changed } = watcher;
    [this.id, this.task] = [run.id, run.task];
    this.follower = new Follower(run.id, run.history, {
      ...watcher, trains: () => this.standing.status === "running", changed: (event) => (this.follow(), changed(event)),
    });
    this.feed = this.follower.feed;
    this.color = `s${(place % COLORS) + 1}`;
    this.dash = place < COLORS ? undefined : DASH;
  }

  get name(): string {
    return this.run.name;
  }

  get deleted(): boolean {
    return this.standing.status === DELETED;
  }

  get steps(): number | null {
    return (this.feed.started?.steps as number | null | undefined) ?? this.run.steps;
  }

  get underWay(): boolean {
    return UNDER_WAY.has(this.standing.status);
  }

  /** Reads its history, then hears what it states. */
  async open(unread: () => void): Promise<void> {
    this.read = await this.follower.open(unread);
    this.follow();
  }

  /** Keeps a socket open while there is more to hear: as long as it is under way, and until its last word is here. */
  follow(): void {
    const more = this.underWay || (!this.deleted && this.feed.lastSeq < this.standing.seq);
    if (this.read && more) this.follower.start();
    else this.follower.stop();
  }
}
