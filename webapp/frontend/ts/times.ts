/**
 * <time datetime="…" data-ago>: how long ago, in words; the exact moment in the reader's own zone on hover.
 * <time datetime="…" data-at>: a moment that counts, as the end of a link, in the reader's own zone.
 */
import { all } from "./dom";

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
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
  for (const element of all<HTMLTimeElement>("time[data-at]", root)) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    element.textContent = moment.format(at);
    element.title = exact.format(at);
  }
  for (const element of all<HTMLTimeElement>("time[data-ago]", root)) {
    const then = new Date(element.dateTime);
    if (Number.isNaN(then.getTime())) continue;
    const words = ago(then);
    if (element.textContent !== words) element.textContent = words;
    element.title = exact.format(then);
  }
}
