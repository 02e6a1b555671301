/** How far the run is and when it ends: the bar, the two lines under it, the title of the tab. */
import { find } from "../dom";
import { duration, number } from "../units";
import type { Feed } from "./feed";
import { given, moment } from "./format";

const TITLES: Record<string, string> = {
  finished: "Finished", failed: "Failed", stopped: "Stopped", paused: "Paused", queued: "Waiting",
};

/** Between 0 and 1; by steps where the last one is planned, else by time. */
export function share(feed: Feed, steps: number | null): number {
  if (feed.ended?.kind === "finished") return 1;
  if (steps) return Math.min(1, feed.step / steps);
  const [seconds, left] = [feed.latest?.seconds, feed.latest?.remaining_seconds];
  return typeof seconds === "number" && typeof left === "number" && seconds + left > 0 ? seconds / (seconds + left) : 0;
}

function where(feed: Feed, steps: number | null): string {
  const epoch = feed.points.epoch.at(-1);
  const parts = [`Step ${number(feed.step)}${steps ? ` of ${number(steps)}` : ""}`];
  if (given(epoch)) parts.push(`epoch ${epoch < 10 ? epoch.toFixed(1) : Math.round(epoch)}`);
  return parts.join(" · ");
}

function when(feed: Feed, status: string): string {
  const seconds = feed.points.seconds.at(-1);
  const left = feed.latest?.remaining_seconds;
  if (status !== "running") return given(seconds) ? `${duration(seconds)} of training` : "";
  if (typeof left !== "number") return given(seconds) ? `training for ${duration(seconds)}` : "";
  const ends = new Date(Date.now() + left * 1000);
  return `${duration(left)} left · ends about ${moment(ends)}`;
}

export function showProgress(feed: Feed, run: { name: string; status: string; steps: number | null }): void {
  const done = share(feed, run.steps);
  const bar = find<HTMLProgressElement>("#run-progress") as HTMLProgressElement;
  bar.value = done;
  bar.setAttribute("aria-valuetext", `${Math.floor(done * 100)} %`);
  bar.classList.toggle("paused", !["running", "finished"].includes(run.status));
  const nothingYet = feed.step === 0 && feed.started === null;
  (find("#run-where") as HTMLElement).textContent =
    !nothingYet ? where(feed, run.steps) : run.status === "running" ? "Starting: the text is being read" : "";
  (find("#run-when") as HTMLElement).textContent = when(feed, run.status);
  const state = TITLES[run.status] ?? `${Math.floor(done * 100)} %`;
  document.title = `${state} · ${run.name} · Unroll`;
}
