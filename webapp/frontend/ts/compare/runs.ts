/** The runs that are compared: what the server said of each, how it is drawn, and its history, asked again while it trains. */
import { Feed, type History } from "../run/feed";

export interface Compared {
  id: string;
  name: string;
  task: string;
  unit: string;
  loss_unit: string;
  steps: number | null;
  live: boolean;
  history: string;
}

export interface Member extends Compared {
  feed: Feed;
  /** A design token; four colours, and from the fifth run on the same again with dashes. */
  color: string;
  dash: number[] | undefined;
}

const COLORS = 4;
const DASH = [7, 4];

export function member(run: Compared, place: number): Member {
  return { ...run, feed: new Feed(), color: `s${(place % COLORS) + 1}`, dash: place < COLORS ? undefined : DASH };
}

/** Reads the run anew. Throws where it cannot be read. */
export async function load(run: Member, width: number, range?: { start: string; end: string }): Promise<History> {
  const query = new URLSearchParams({ width: String(width), ...range });
  const response = await fetch(`${run.history}?${query}`);
  if (!response.ok) throw new Error(`${run.name} could not be read (${response.status}).`);
  return (await response.json()) as History;
}
