/** A matrix as a table whose cells are the darker the more they hold: with their numbers, or too many for numbers. */
import { h } from "../dom";

export interface Heat {
  /** What the table shows, what its rows and its columns are. */
  label: string;
  rows: string[];
  columns: string[];
  corner: string;
  /** Of each cell between 0 and 1, row by row. */
  shares: number[][];
  /** The text of a cell. */
  text: (row: number, column: number) => string;
  /** The cell's text stands in it; else only those hear it who do not see it, and it shows on hover. */
  numbers: boolean;
  marked?: (row: number, column: number) => boolean;
}

export function heat(matrix: Heat): HTMLElement {
  const head = matrix.columns.map((name) => h("th", { scope: "col", title: name }, h("span", {}, name)));
  const rows = matrix.rows.map((name, row) => {
    const cells = matrix.columns.map((column, i) => {
      const text = matrix.text(row, i);
      const cell = h("td", { class: matrix.marked?.(row, i) ? "marked" : null, title: `${name} · ${column}: ${text}` });
      const share = matrix.shares[row]?.[i] ?? 0;
      cell.style.setProperty("--heat", `${Math.round(100 * share)}%`);
      cell.append(matrix.numbers ? text : h("span", { class: "sr" }, text));
      return cell;
    });
    return h("tr", {}, h("th", { scope: "row", title: name }, h("span", {}, name)), ...cells);
  });
  const body = h("table", { class: `heat${matrix.numbers ? " numbers" : ""}` },
    h("caption", { class: "sr" }, matrix.label),
    h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "corner" }, matrix.corner), ...head)), h("tbody", {}, ...rows));
  return h("div", { class: "heat-scroll", tabindex: 0, role: "group", "aria-label": matrix.label }, body);
}

/** Where it looked for each token that it wrote: rows are what it wrote, columns what it read. */
export function attention(output: string[], source: string[], weights: number[][]): HTMLElement {
  const shown = (token: string): string => (token === " " ? "␣" : token === "" ? "(end)" : token);
  const seen = weights.map((row) => row.slice(0, source.length));
  return heat({
    label: "Where it looked: rows are what it wrote, columns what it read",
    corner: "wrote ↓ read →", numbers: false,
    rows: seen.map((_, i) => shown(output[i] ?? "")), columns: source.map(shown), shares: seen,
    text: (row, column) => `${Math.round(100 * (seen[row]?.[column] ?? 0))}\u00a0%`,
  });
}
