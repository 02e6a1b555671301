/** Drawings that keep the size of their type: drawn anew for every width instead of scaled. */
import { h, svg } from "../dom";

/** A figure `height` pixels high whose SVG `draw` fills for the width that there is. `label` is what it shows, in words. */
export function sized(height: number, label: string, draw: (width: number) => SVGElement[]): HTMLElement {
  const canvas = svg("svg", { class: "drawn", height, role: "img", "aria-label": label });
  const place = h("div", { class: "sized" });
  place.append(canvas);
  let seen = 0;
  const observer = new ResizeObserver(() => {
    const width = Math.floor(place.clientWidth);
    if (!place.isConnected && seen) return observer.disconnect();
    if (width < 40 || width === seen) return;
    seen = width;
    canvas.setAttribute("viewBox", `0 0 ${width} ${height}`);
    canvas.setAttribute("width", String(width));
    canvas.replaceChildren(...draw(width));
  });
  observer.observe(place);
  return place;
}

/** A table of texts and numbers; the first cell of a row names it. `label` is read out with it. */
export function table(label: string, names: string[], rows: (string | Node)[][], left = 1): HTMLElement {
  const side = (i: number): string | null => (i >= left ? "right" : null);
  const head = h("tr", {}, ...names.map((name, i) => (name ? h("th", { scope: "col", class: side(i) }, name) : h("td"))));
  const body = rows.map(([first, ...others]) =>
    h("tr", {}, h("th", { scope: "row" }, first ?? ""), ...others.map((cell, i) => h("td", { class: side(i + 1) }, cell))),
  );
  const whole = h("table", {}, h("thead", {}, head), h("tbody", {}, ...body));
  return h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": label }, whole);
}

/** The table behind a drawing, folded. */
export function behind(label: string, names: string[], rows: string[][]): HTMLElement {
  return h("details", { class: "behind" }, h("summary", {}, "Table"), table(label, names, rows));
}
