/** How far back the gradient reaches: one bar an earlier token, those that hold half of it in full colour. */
import { find, h, svg } from "../dom";
import { number } from "../units";
import type { Feed } from "./feed";
import { short } from "./format";

type Curve = [number, number | null][];

export function drawLag(feed: Feed, unit: string): void {
  const card = find("#chart-lag") as HTMLElement;
  const curve = (feed.diagnosed?.gradient_by_lag ?? []) as Curve;
  const half = feed.diagnosed?.effective_lag;
  card.hidden = curve.length === 0;
  if (card.hidden || card.dataset.seq === String(feed.diagnosed?.seq)) return;
  card.dataset.seq = String(feed.diagnosed?.seq);
  const highest = Math.max(...curve.map(([, norm]) => norm ?? 0)) || 1;
  const bars = find("#lag-bars") as unknown as SVGSVGElement;
  bars.setAttribute("viewBox", `0 0 ${curve.length} 1`);
  bars.replaceChildren(
    ...curve.map(([lag, norm], i) => {
      const height = (norm ?? 0) / highest;
      return svg("rect", { x: i + 0.13, width: 0.74, y: 1 - height, height, class: typeof half === "number" && lag <= half ? "on" : null });
    }),
  );
  const said = typeof half === "number" ? `half of it within ${number(Math.round(half))} ${unit}s` : "";
  (find("#lag-half") as HTMLElement).textContent = said;
  (find("#lag-first") as HTMLElement).textContent = `${number(curve[0]?.[0] ?? 1)} back`;
  (find("#lag-last") as HTMLElement).textContent = `${number(curve.at(-1)?.[0] ?? 1)} back`;
  const rows = curve.map(([lag, norm]) => h("tr", {}, h("th", { scope: "row" }, number(lag)), h("td", {}, short(norm))));
  const head = h("tr", {}, h("th", { scope: "col" }, `${unit}s back`), h("th", { scope: "col" }, "gradient norm"));
  find("[data-table]", card)?.replaceChildren(h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows)));
}
