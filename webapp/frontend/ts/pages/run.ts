/** The page of one run: its history first, then the live tail. */
import { find } from "../dom";
import { openLinksInDialogs } from "../fragments";
import type { Boot } from "../run/boot";
import { Charts } from "../run/charts";
import type { RunEvent } from "../run/feed";
import { Follower } from "../run/follow";
import { Head } from "../run/head";
import { hint } from "../run/hint";
import { figures } from "../run/kpis";
import { drawLag } from "../run/lag";
import { showLine, showUnread } from "../run/line";
import { Log } from "../run/log";
import { paced } from "../run/pace";
import { showProgress, standing } from "../run/progress";
import { Samples } from "../run/samples";
import { say } from "../run/words";
import type { LinkState } from "../socket";

const boot = JSON.parse((find("#run-boot") as HTMLElement).textContent ?? "") as Boot;
const schedule = paced(draw);
let state: LinkState = "connecting";
let why = "";
const follower: Follower = new Follower(boot.id, boot.urls.history, {
  width: () => charts.width, trains: () => head.status === "running", changed, linked,
});
const { feed } = follower;
const charts = new Charts(boot, feed, (range, width) => follower.points(range, width));
const samples = new Samples(feed, boot.task);
const log = new Log(feed, boot.unit, boot.urls.log);
const head = new Head(boot.urls.head, schedule, () => feed.ended !== null);
const dismissed = new Set<string>(JSON.parse(stored(`hints:${boot.id}`) ?? "[]") as string[]);

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is blocked
  }
}

/** The number of the end that was known when the page last read the run as a whole. */
let endBefore: number | undefined;

function status(): string {
  return standing(feed, head.status, endBefore);
}

function draw(): void {
  // Once ended, the row says it; and of a run that is continued the feed begins with that of another, which had another end.
  if (feed.ended === null) boot.steps = (feed.started?.steps as number | null | undefined) ?? boot.steps;
  showProgress(feed, { name: boot.name, status: status(), steps: boot.steps, recipe: boot.recipe });
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
  const goesOn = feed.ended !== null && ["queued", "running", "paused"].includes(status()); // what it says of its end is not so
  const found = goesOn ? null : hint(feed, boot.recipe, boot.unit, dismissed);
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

const TURNS = new Set(["started", "stopped", "finished", "failed", "rewound"]);

function changed(event: RunEvent | null): void {
  if (event === null) endBefore = feed.ended?.seq;
  if (event !== null && TURNS.has(event.kind)) {
    void head.refresh();
    (find("#run-said") as HTMLElement).textContent = say(event, boot.unit);
  }
  schedule();
}

function linked(next: LinkState, reason: string): void {
  if (next === "live" && state !== "live") void head.refresh();
  [state, why] = [next, reason];
  showLink();
}

function showLink(): void {
  showLine(state, why, follower.heardAt, "This run is no longer there");
}

async function open(): Promise<void> {
  if (!(await follower.open(() => showUnread("The run so far")))) return;
  endBefore = feed.ended?.seq;
  find("#run-charts")?.removeAttribute("aria-busy");
  draw();
  follower.start();
  setInterval(showLink, 1000);
}

openLinksInDialogs();
void open();
