/**
 * The parts of a report, each drawn by its key: a task's report is shown without this file knowing the task. A key that
 * is not here is shown as it is.
 */
import { h, svg } from "../dom";
import { type Forecast, forecast } from "../draw/forecast";
import { attention, heat } from "../draw/heat";
import { behind, sized, table } from "../draw/sized";
import { colours, legend, sentence } from "../draw/tags";
import { short } from "../run/format";
import { number } from "../units";
import { type Example, examples } from "./examples";

export interface Report {
  kind: string;
  [part: string]: unknown;
}

/** A card of the page: its title, a line below it, how much of the width it takes of 12. */
export interface Part {
  title: string;
  note: string;
  span: 6 | 12;
  body: Node[];
}

type Draw = (value: never, report: Report) => Part | null;

const WIDE = 8; // classes: more of them want the whole width
const NUMERIC = new Set(["regression", "forecasting", "conditional_generation"]);

function confusion({ labels, counts }: { labels: string[]; counts: number[][] }): Part {
  const sums = counts.map((row) => row.reduce((a, b) => a + b, 0) || 1);
  const body = heat({
    label: "Confusion: rows are the truth, columns what it said", corner: "truth ↓ said →", numbers: true, rows: labels, columns: labels,
    shares: counts.map((row, i) => row.map((count) => count / (sums[i] as number))),
    text: (row, column) => number(counts[row]?.[column] ?? 0), marked: (row, column) => row === column,
  });
  return { title: "Who is taken for whom", note: "rows are the truth, columns what it said; each row is shaded by its share", span: labels.length > WIDE ? 12 : 6, body: [body] };
}

interface PerClass {
  label: string;
  precision: number;
  recall: number;
  f1: number;
  support: number;
}

function classes(rows: PerClass[]): Part {
  const tenths = (share: number): string => `${(100 * share).toFixed(1)}\u00a0%`; // one below the other: all with as many digits
  const cells = rows.map((row) => [row.label, tenths(row.precision), tenths(row.recall), tenths(row.f1), number(row.support)]);
  const names = ["", "precision", "recall", "F1", "records"];
  return { title: "Class by class", note: "of what it said, how much is right; of what there is, how much it found", span: 6, body: [table("Class by class", names, cells)] };
}

interface Upto {
  upto: number;
  records: number;
  value: number;
}

/** Upright bars on a scale from zero: a figure by what is named below. */
function upright(label: string, rows: { name: string; value: number; note: string }[], write: (value: number) => string, most?: number): Node[] {
  const top = most ?? (Math.max(...rows.map(({ value }) => value)) || 1);
  const drawing = sized(190, label, (width) => {
    const room = (width - 12) / Math.max(1, rows.length);
    const every = Math.max(1, Math.ceil(44 / room));
    const bar = Math.min(64, room * 0.72);
    return rows.flatMap(({ name, value }, i) => {
      const height = Math.max(1, (132 * value) / top);
      const x = 6 + i * room;
      const middle = { x: x + room / 2, "text-anchor": "middle" };
      const shown = i % every === 0;
      return [
        svg("rect", { class: "level", x: x + (room - bar) / 2, width: bar, y: 158 - height, height, rx: 2 }),
        ...(every === 1 ? [svg("text", { ...middle, y: 152 - height }, write(value))] : []),
        ...(shown ? [svg("text", { ...middle, y: 176 }, name)] : []),
      ];
    });
  });
  return [drawing, behind(label, ["", "figure", "records"], rows.map(({ name, value, note }) => [name, write(value), note]))];
}

function byLength(rows: Upto[], { kind }: Report): Part | null {
  if (rows.length === 0) return null;
  const share = !NUMERIC.has(kind);
  const named = rows.map(({ upto, records, value }) => ({ name: `≤ ${number(upto)}`, value, note: number(records) }));
  const title = share ? "Right by length" : kind === "regression" ? "Error by length" : "Loss by length";
  const note = `${share ? "share that is right" : "mean of the records"}, by the steps of a record`;
  const write = share ? (value: number): string => `${Math.round(100 * value)}\u00a0%` : short;
  return { title, note, span: 6, body: upright(title, named, write, share ? 1 : undefined) };
}

interface ByLabel {
  label: string;
  records: number;
  loss: number;
  loss_without_condition: number;
}

function labels(rows: ByLabel[]): Part {
  const cells = rows.map((row) => [row.label, short(row.loss), short(row.loss_without_condition), number(row.records)]);
  const names = ["", "loss", "without the label", "records"];
  return { title: "What the label tells it", note: "loss for each label, and when the label is hidden", span: 6, body: [table("Loss by label", names, cells)] };
}

function byStep(rows: Record<string, number>[]): Part | null {
  const name = ["mae", "loss", "mase", "mse"].find((key) => typeof rows[0]?.[key] === "number");
  if (!name) return null;
  const named = rows.map((row, i) => ({ name: String(row.step ?? i + 1), value: row[name] as number, note: "" }));
  return { title: "Error by horizon step", note: `${name === "mae" ? "mean absolute error" : name} of each step ahead`, span: 6, body: upright("Error by horizon step", named, short) };
}

/** The truth across, what it said upwards; on the line the two are the same. */
function pairs(found: [number, number][]): Part | null {
  if (found.length === 0) return null;
  const all = found.flat();
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const label = `What it said over the truth, of ${number(found.length)} records`;
  const drawing = sized(300, label, (width) => {
    const side = Math.min(width - 52, 262);
    const at = (value: number): number => ((value - low) / (high - low || 1)) * side;
    const line = svg("path", { class: "rule", d: `M46 ${8 + side}L${46 + side} 8` });
    const dots = found.map(([truth, said]) => svg("circle", { class: "dot", r: 3, cx: 46 + at(truth), cy: 8 + side - at(said) }));
    const ends = [
      svg("text", { x: 40, y: 16, "text-anchor": "end" }, short(high)), svg("text", { x: 40, y: 10 + side, "text-anchor": "end" }, short(low)),
      svg("text", { x: 46, y: side + 26 }, short(low)), svg("text", { x: 46 + side, y: side + 26, "text-anchor": "end" }, short(high)),
    ];
    return [line, ...dots, ...ends];
  });
  const rows = found.map(([truth, said]) => [short(truth), short(said)]);
  const note = "across the truth, upwards what it said; a dot on the line is right";
  return { title: "What it said over the truth", note, span: 6, body: [drawing, behind(label, ["truth", "said"], rows)] };
}

function unknown(count: number): Part | null {
  const said = h("p", {}, `${number(count)} ${count === 1 ? "token has a tag" : "tokens have tags"} that it never learned.`);
  return count ? { title: "Unknown tags", note: "", span: 12, body: [said] } : null;
}

const SHORT: Record<string, string> = { mae: "MAE", rmse: "RMSE", mse: "MSE, scaled", mase: "MASE", crps: "CRPS" };

/** Rows of names and numbers whatever they are. */
function byColumn(rows: Record<string, string | number>[]): Part | null {
  if (rows.length === 0) return null;
  const names = Object.keys(rows[0] as object);
  const cells = rows.map((row) => names.map((name) => (typeof row[name] === "number" ? short(row[name]) : String(row[name] ?? ""))));
  return { title: "Column by column", note: "the figures of each series", span: 6, body: [table("Column by column", names.map((name, i) => (i ? (SHORT[name] ?? name.replaceAll("_", " ")) : "")), cells)] };
}

function windows(title: string, note: string): Draw {
  return ((found: (Forecast & { line?: number })[]) => {
    const drawn = found.map((one) => {
      const caption = h("figcaption", { class: "sub" }, [one.name, one.line ? `from line ${number(one.line)}` : ""].filter(Boolean).join(" · "));
      return h("figure", {}, caption, forecast(one, { height: 180 }));
    });
    return drawn.length ? { title, note, span: 12, body: [h("div", { class: "windows" }, ...drawn)] } : null;
  }) as Draw;
}

interface Looked {
  source: string[];
  output: string[];
  weights: number[][];
}

function matrices(found: Looked[]): Part | null {
  if (found.length === 0) return null;
  const drawn = found.map(({ source, output, weights }) => h("figure", {}, attention(output, source, weights)));
  return { title: "Where it looked", note: "rows are what it wrote, columns what it read; the stronger the colour, the more weight", span: 12, body: [h("div", { class: "matrices" }, ...drawn)] };
}

interface Tagged {
  tokens: string[];
  tags?: string[];
  output?: string[];
  truth?: string[];
  reference?: string[];
}

function sentences(found: Tagged[], { labels: all }: Report): Part | null {
  const said = found.map((one) => ({ tokens: one.tokens, tags: one.tags ?? one.output ?? [], truth: one.truth ?? one.reference }));
  if (said.length === 0) return null;
  const colour = colours(Array.isArray(all) ? (all as string[]) : said.flatMap(({ tags, truth }) => [...tags, ...(truth ?? [])]));
  const drawn = said.map(({ tokens, tags, truth }) => sentence(tokens, tags, colour, truth));
  return { title: "Sentences", note: "what it said below each token; where that is wrong it is struck and the right tag follows", span: 12, body: [legend(colour), ...drawn] };
}

const isTagged = (one: unknown): boolean => Array.isArray((one as Tagged | undefined)?.tokens);

function listed(title: string, note: string): Draw {
  return ((rows: (Example | Forecast | Tagged)[], report: Report) => {
    if (rows.length === 0) return null;
    if ("history" in (rows[0] as object)) return windows(title, note)(rows as never, report);
    if (isTagged(rows[0])) return { ...sentences(rows as Tagged[], report), title } as Part;
    return { title, note, span: 6, body: [examples(title, rows as Example[], !NUMERIC.has(report.kind))] };
  }) as Draw;
}

/** In the order of the page. */
const PARTS: Record<string, Draw> = {
  confusion: confusion as Draw,
  classes: classes as Draw,
  spans: byColumn as Draw,
  windows: windows("Backtest", "windows of data that it had not learned from: what it read, its forecast and band, what followed"),
  by_step: byStep as Draw,
  by_column: byColumn as Draw,
  labels: labels as Draw,
  sentences: sentences as Draw,
  attention: matrices as Draw,
  pairs: pairs as Draw,
  by_length: byLength as Draw,
  worst: listed("Where it is most wrong", "the records of the highest loss"),
  random: listed("Taken by chance", "records as they come"),
  unknown_tags: unknown as Draw,
};
/** Those that stand side by side; one whose other is not there has the row for itself. */
const SIDE_BY_SIDE = [["confusion", "classes"], ["by_step", "by_column"], ["pairs", "by_length"], ["worst", "random"]] as const;
const SAID = new Set(["kind", "count", "answered", "quantiles"]);

export function partsOf(report: Report): Part[] {
  const known = new Map<string, Part>();
  for (const [key, draw] of Object.entries(PARTS)) {
    const value = report[key];
    if (value === undefined || value === null || (key === "labels" && typeof (value as unknown[])[0] === "string")) continue;
    const part = draw(value as never, report);
    if (part) known.set(key, part);
  }
  spread(known);
  const rest = Object.entries(report).filter(([key]) => !(key in PARTS) && !SAID.has(key));
  const others = rest.map(([key, value]): Part => ({ title: key.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase()), note: "", span: 6, body: plain(key, value) }));
  return [...known.values(), ...others];
}

function spread(parts: Map<string, Part>): void {
  const paired = new Set<Part>();
  for (const keys of SIDE_BY_SIDE) {
    const both = keys.flatMap((key) => parts.get(key) ?? []);
    if (both.length === 2 && both.every(({ span }) => span === 6)) both.forEach((part) => paired.add(part));
  }
  for (const part of parts.values()) if (!paired.has(part)) part.span = 12;
}

function plain(key: string, value: unknown): Node[] {
  if (Array.isArray(value) && value.length && value.every((row) => row && typeof row === "object" && !Array.isArray(row))) {
    return byColumn(value as Record<string, string | number>[])?.body ?? [];
  }
  return [h("pre", { class: "preview", tabindex: 0, "aria-label": key }, JSON.stringify(value, null, 2))];
}
