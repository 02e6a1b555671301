/** Asks a model for text and hands on what comes, token by token. */
import { csrf } from "../dom";
import type { Unknown } from "../model/unknown";
import type { Settings } from "./settings";
import { chunksOf, eventsOf } from "./sse";

export interface Token {
  token: string;
  probability: number;
  alternatives?: [string, number][];
}

export type Line =
  | { kind: "tokens"; text: number; tokens: Token[] }
  | ({ kind: "done"; seed: number } & Partial<Unknown>)
  | { kind: "error"; error: string; hint?: string };

/** Why nothing was written, by field where a field is to blame. */
export class WriteError extends Error {
  fields: { field: string; message: string }[];

  constructor(message: string, fields: { field: string; message: string }[] = []) {
    super(message);
    this.fields = fields;
  }
}

/** The lines of a reply. Raises WriteError; an AbortError when `signal` says stop. */
export async function* write(url: string, settings: Settings, signal: AbortSignal): AsyncGenerator<Line> {
  const response = await send(url, settings, signal);
  if (!response.ok || response.body === null) throw await refusal(response);
  for await (const line of eventsOf(chunksOf(response.body))) {
    const said = line as Line;
    if (said.kind === "error") throw new WriteError([said.error, said.hint].filter(Boolean).join(" "));
    yield said;
    if (said.kind === "done") return;
  }
  throw new WriteError("The connection was lost while it wrote. Press Write to try again.");
}

async function send(url: string, settings: Settings, signal: AbortSignal): Promise<Response> {
  const headers = { "Content-Type": "application/json", Accept: "text/event-stream", "X-CSRFToken": csrf() };
  try {
    return await fetch(url, { method: "POST", headers, body: JSON.stringify(settings), signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new WriteError("The server does not answer. Try again in a moment.");
  }
}

interface Problem {
  detail?: string;
  title?: string;
  errors?: { field: string; message: string }[];
}

/** Why a request was refused, from the answer to it. */
export async function refusal(response: Response): Promise<WriteError> {
  const { status } = response;
  if (status === 404 || status === 410) return new WriteError("This model is no longer there, or the link to it has ended.");
  if (status === 401 || status === 403) return new WriteError("You are signed out. Reload the page to sign in again.");
  let problem: Problem = {};
  try {
    problem = (await response.json()) as Problem;
  } catch {
    // not our own answer: a proxy's, or a broken one
  }
  const message = problem.detail ?? problem.title ?? `The server refused that (${status}).`;
  return new WriteError(message, problem.errors ?? []);
}
