/** How far the run is and when it ends: the bar, the two lines under it, the title of the tab. */
import { find } from "../dom";
import { duration, number } from "../units";
import type { Recipe } from "./boot";
import type { Feed } from "./feed";
import { given, moment } from "./format";

const TITLES: Record<string, string> = {
  finished: "Finished", failed: "Failed", stopped: "Stopped", paused: "Paused", queued: "Waiting",
};

/**
 * The run's status as the page shows it: "ending" while the feed has just told an end that its row does not know yet.
 * An end that the feed had from the start (`before`, its number) is that of the run it continues.
 */
export function standing(feed: Feed, status: string, before: number | undefined): string {
  const told = feed.ended !== null && feed.ended.seq !== before;
  return status === "running" && told ? "ending" : status;
}

/** Between 0 and 1; by steps where the last one is planned, else by time. */
export function share(feed: Feed, steps: number | null, status = ""): number {
  if (feed.ended?.kind === "finished" && !goesOn(feed, status)) return 1;
  if (steps) return Math.min(1, feed.step / steps);
  const [seconds, left] = [feed.latest?.seconds, feed.latest?.remaining_seconds];
  return typeof seconds === "number" && typeof left === "number" && seconds + left > 0 ? seconds / (seconds + left) : 0;
}

/** Whether what the feed tells so far is over, and the run is not: one that is continued, or resumed, before it begins. */
const goesOn = (feed: Feed, status: string): boolean => feed.ended !== null && ["running", "queued"].includes(status);

function where(feed: Feed, steps: number | null): string {
  const epoch = feed.points.epoch.at(-1);
  const parts = [`Step ${number(feed.step)}${steps ? ` of ${number(steps)}` : ""}`];
  if (given(epoch)) parts.push(`epoch ${epoch < 10 ? epoch.toFixed(1) : Math.round(epoch)}`);
  return parts.join(" · ");
}

/** Why a run was over before its planned last step, as far as the feed shows it. */
export function early(feed: Feed, steps: number | null, { training }: Pick<Recipe, "training">): string {
  if (feed.ended?.kind !== "finished" || !steps || feed.step >= steps) return "";
  const { patience = 0, max_minutes: minutes = 0 } = training;
  const seconds = Number(feed.ended.seconds ?? 0);
  if (minutes > 0 && seconds >= 0.99 * 60 * minutes) return `its time of ${duration(60 * minutes)} was over`;
  const best = feed.best;
  const since = best === null ? 0 : feed.evaluations().filter(({ step }) => step > best.step).length;
  return patience > 0 && since >= patience ? `validation was best at step ${number(best?.step ?? 0)}` : "";
}

function when(feed: Feed, status: string, steps: number | null, recipe: Recipe): string {
  const seconds = feed.points.seconds.at(-1);
  const left = feed.latest?.remaining_seconds;
  if (status !== "running") {
    const reason = early(feed, steps, recipe);
    return [reason && `Ended early: ${reason}`, given(seconds) && trained(seconds)].filter(Boolean).join(" · ");
  }
  if (typeof left !== "number") return given(seconds) ? `training for ${duration(seconds)}` : "";
  if (goesOn(feed, status)) return "Starting: the data are being read";
  const ends = new Date(Date.now() + left * 1000);
  return `${duration(left)} left · ends about ${moment(ends)}`;
}

const trained = (seconds: number): string => (seconds < 1 ? "less than a second of training" : `${duration(seconds)} of training`);

/** Below the bar before anything has begun. */
function ahead(status: string, steps: number | null): string {
  if (status === "running") return "Starting: the data are being read";
  return status === "queued" && steps ? `${number(steps)} steps to go` : "";
}

export function showProgress(feed: Feed, run: { name: string; status: string; steps: number | null; recipe: Recipe }): void {
  const done = share(feed, run.steps, run.status);
  const bar = find<HTMLProgressElement>("#run-progress") as HTMLProgressElement;
  bar.max = 1; // the server counted in steps
  bar.value = done;
  bar.setAttribute("aria-valuetext", `${Math.floor(done * 100)} %`);
  bar.classList.toggle("paused", !["running", "ending", "finished"].includes(run.status));
  const nothingYet = feed.step === 0 && feed.started === null;
  (find("#run-where") as HTMLElement).textContent =
    nothingYet ? ahead(run.status, run.steps) : where(feed, run.steps);
  (find("#run-when") as HTMLElement).textContent = when(feed, run.status, run.steps, run.recipe);
  const state = TITLES[run.status] ?? `${Math.floor(done * 100)} %`;
  document.title = `${state} · ${run.name} · Unroll`;
}
