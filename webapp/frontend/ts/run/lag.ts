/** How far back the gradient reaches: one bar a lag that was measured, those within reach in full colour. */
import { find, h } from "../dom";
import { number } from "../units";
import type { Feed } from "./feed";
import { short } from "./format";

const NAMED = 12; // bars at most that are each named below; of more only the first and the last

export function drawLag(feed: Feed, unit: string): void {
  const card = find("#chart-lag") as HTMLElement;
  const last = feed.diagnoses.at(-1);
  const curve = (last?.gradient_by_lag ?? []) as [number, number | null][];
  card.hidden = curve.length === 0;
  if (card.hidden || card.dataset.seq === String(last?.seq)) return;
  card.dataset.seq = String(last?.seq);
  const reach = last?.effective_lag as number | null;
  const highest = Math.max(...curve.map(([, norm]) => norm ?? 0)) || 1;
  const bars = curve.map(([lag, norm], i) => {
    const named = curve.length <= NAMED || i === 0 || i === curve.length - 1;
    const bar = h("i", { class: reach !== null && lag <= reach ? "on" : null });
    bar.style.setProperty("--height", String((norm ?? 0) / highest));
    return h("div", {}, bar, h("span", {}, named ? number(lag) : ""));
  });
  find("#lag-bars")?.replaceChildren(...bars);
  (find("#lag-reach") as HTMLElement).textContent = typeof reach === "number" ? reached(reach, curve.at(-1)?.[0] ?? 0, unit) : "";
  const rows = curve.map(([lag, norm]) => h("tr", {}, h("th", { scope: "row" }, number(lag)), h("td", {}, short(norm))));
  const head = h("tr", {}, h("th", { scope: "col" }, `${unit}s back`), h("th", { scope: "col" }, "gradient norm"));
  find("[data-table]", card)?.replaceChildren(h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows)));
}

/** How far the gradient reaches, in words; where it is not below 1 % as far back as it was measured, nobody knows its end. */
export function reached(reach: number, farthest: number, unit: string): string {
  const units = `${number(reach)} ${unit}${reach === 1 ? "" : "s"}`;
  return reach >= farthest ? `still above 1 % at ${units}` : `below 1 % beyond ${units}`;
}
