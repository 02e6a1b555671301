/** The page of one run: its history first, then the live tail. */
import { find } from "../dom";
import { openLinksInDialogs } from "../fragments";
import type { Boot } from "../run/boot";
import { Charts } from "../run/charts";
import { Feed, type History, type Points, type RunEvent } from "../run/feed";
import { age } from "../run/format";
import { Head } from "../run/head";
import { hint } from "../run/hint";
import { figures } from "../run/kpis";
import { drawLag } from "../run/lag";
import { Log } from "../run/log";
import { showProgress } from "../run/progress";
import { Samples } from "../run/samples";
import { say } from "../run/words";
import { checked } from "../session";
import { Link, type LinkState, backOff } from "../socket";

const REDRAW = 250; // ms between drawings at least
const LIVE_TAIL = 1500; // live points after which the whole is asked for again, thinned
const SILENCE = 30_000; // a training that says nothing for so long: the line may be dead

const boot = JSON.parse((find("#run-boot") as HTMLElement).textContent ?? "") as Boot;
const feed = new Feed();
const charts = new Charts(boot, feed, fetchPoints);
const samples = new Samples(feed, boot.task);
const log = new Log(feed, boot.unit, boot.urls.log);
const head = new Head(boot.urls.head, () => schedule(), () => feed.ended !== null);
const dismissed = new Set<string>(JSON.parse(stored(`hints:${boot.id}`) ?? "[]") as string[]);

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is blocked
  }
}

async function fetchHistory(query: Record<string, string>): Promise<History> {
  const response = checked(await fetch(`${boot.urls.history}?${new URLSearchParams(query)}`));
  if (!response.ok) throw new Error(`history: ${response.status}`);
  return (await response.json()) as History;
}

async function fetchPoints(range: { min: number; max: number }, width: number): Promise<Points> {
  return (await fetchHistory({ start: String(range.min), end: String(range.max), width: String(width) })).points;
}

/* Drawing, at most every REDRAW ms however many events arrive. */
let planned: ReturnType<typeof setTimeout> | undefined;

function schedule(): void {
  planned ??= setTimeout(() => {
    planned = undefined;
    requestAnimationFrame(draw);
  }, REDRAW);
}

function draw(): void {
  boot.steps = (feed.started?.steps as number | null | undefined) ?? boot.steps;
  showProgress(feed, { name: boot.name, status: head.status, steps: boot.steps, recipe: boot.recipe });
  for (const [id, figure] of Object.entries(figures(feed, boot))) {
    (find(`#kpi-${id}`) as HTMLElement).textContent = figure.value;
    const note = find(`#kpi-${id}-note`) as HTMLElement;
    note.textContent = figure.note;
    note.className = figure.tone;
  }
  charts.draw();
  drawLag(feed, boot.unit);
  samples.update();
  log.update();
  drawHint();
}

function drawHint(): void {
  const found = hint(feed, boot.recipe, boot.unit, dismissed);
  const place = find("#run-hint") as HTMLElement;
  place.hidden = found === null;
  if (!found || place.dataset.hint === found.text) return;
  place.dataset.hint = found.text;
  (find("#run-hint-text") as HTMLElement).textContent = found.text;
  (find("#run-hint-dismiss") as HTMLElement).onclick = () => {
    dismissed.add(found.id);
    try {
      localStorage.setItem(`hints:${boot.id}`, JSON.stringify([...dismissed]));
    } catch {
      // storage is blocked: dismissed for this page
    }
    drawHint();
  };
}

/* The live tail. */
const TURNS = new Set(["started", "stopped", "finished", "failed", "rewound"]);
let tail = 0;

function take(event: RunEvent): boolean {
  const outcome = feed.apply(event);
  if (outcome !== "applied") return outcome === "double";
  if (TURNS.has(event.kind)) {
    void head.refresh();
    (find("#run-said") as HTMLElement).textContent = say(event, boot.unit);
  }
  if (event.kind === "progress" && ++tail >= LIVE_TAIL) void thin();
  schedule();
  return true;
}

async function thin(): Promise<void> {
  tail = 0;
  const rewinds = feed.facts.filter(({ kind }) => kind === "rewound").length;
  const history = await fetchHistory({ width: String(charts.width) });
  const rewound = feed.facts.filter(({ kind }) => kind === "rewound").length !== rewinds;
  if (!rewound && history.last_seq <= feed.lastSeq) feed.thin(history.points);
}

let state: LinkState = "connecting";
let why = "";

/** The state is announced, once; the age that counts up beside it is only shown. */
function showLink(): void {
  (find("#run-link") as HTMLElement).dataset.state = state;
  const messages: Record<LinkState, string> = {
    live: "",
    connecting: why && "Connecting again",
    offline: "Offline, trying again",
    closed: why === "gone" ? "This run is no longer there" : "You are signed out: reload the page to sign in",
  };
  const aged = state === "offline" || (state === "connecting" && why);
  write("#run-link-state", messages[state]);
  write("#run-link-age", aged ? ` · data from ${age(Date.now() - link.heardAt)}` : "");
}

function write(place: string, text: string): void {
  const element = find(place) as HTMLElement;
  if (element.textContent !== text) element.textContent = text;
}

const link = new Link({
  refresh: load,
  path: () => `/ws/runs/${boot.id}?after=${feed.lastSeq}`,
  take: (frame) => take(JSON.parse(frame) as RunEvent),
  onState: (next, reason) => {
    if (next === "live" && state !== "live") void head.refresh();
    [state, why] = [next, reason];
    showLink();
  },
  patience: () => (head.status === "running" && feed.started !== null ? SILENCE : null),
});

async function load(): Promise<void> {
  feed.load(await fetchHistory({ width: String(charts.width) }));
  tail = 0;
  schedule();
}

/** Reads the history, however often it takes: event by event a long run would be a million frames. */
async function open(): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await load();
      break;
    } catch {
      write("#run-link-state", "The run so far could not be read, trying again");
      await new Promise((again) => setTimeout(again, backOff(tries)));
    }
  }
  find("#run-charts")?.removeAttribute("aria-busy");
  draw();
  link.start();
  setInterval(showLink, 1000);
}

openLinksInDialogs();
void open();
