/** <time datetime="…" data-ago>: how long ago, in words; the exact moment in the reader's own zone on hover. */
import { all } from "./dom";

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

export function ago(then: Date, now = new Date()): string {
  const seconds = (now.getTime() - then.getTime()) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 3570) return `${Math.max(1, Math.round(seconds / 60))}\u00a0min ago`;
  if (seconds < 86_400) return `${Math.max(1, Math.round(seconds / 3600))}\u00a0h ago`;
  if (seconds < 7 * 86_400) return `${Math.round(seconds / 86_400)}\u00a0d ago`;
  return day.format(then);
}

export function refresh(root: ParentNode = document): void {
  for (const element of all<HTMLTimeElement>("time[data-ago]", root)) {
    const then = new Date(element.dateTime);
    if (Number.isNaN(then.getTime())) continue;
    const words = ago(then);
    if (element.textContent !== words) element.textContent = words;
    element.title = exact.format(then);
  }
}
