/** The table behind a chart, for those who do not see it. */
import { h } from "../dom";
import { type Column, type Drawing, type Line, joined } from "./drawing";
import { given } from "./format";

const ROWS = 60; // about; a validation has its row in any case

/** What is drawn, thinned to about ROWS rows. */
export function table(drawing: Drawing, lines: Line[], format: (value: number) => string): HTMLTableElement {
  const [xs, ...columns] = joined(drawing) as unknown as [number[], ...Column[]];
  const shown = lines
    .map((line, i) => ({ ...line, values: columns[i] as Column }))
    .filter((line) => !line.silent && line.values.some(given));
  const stride = Math.max(1, Math.ceil(xs.length / ROWS));
  const wanted = (i: number): boolean =>
    i % stride === 0 || i === xs.length - 1 || shown.some((column) => column.dots && given(column.values[i]));
  const rows = xs.flatMap((x, i) => {
    if (!wanted(i) || x < drawing.range.min || x > drawing.range.max) return [];
    const cells = shown.map(({ values }) => h("td", {}, given(values[i]) ? format(values[i] as number) : ""));
    return [h("tr", {}, h("th", { scope: "row" }, drawing.axis.format(x)), ...cells)];
  });
  const names = [drawing.axis.name, ...shown.map(({ label }) => label)];
  const head = h("tr", {}, ...names.map((name) => h("th", { scope: "col" }, name)));
  return h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows));
}
