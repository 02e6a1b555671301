/** Records as a list: what was given, what came out, what is right. Right or wrong is a sign and a word, not a colour alone. */
import { h } from "../dom";
import { short } from "../run/format";

export interface Example {
  source?: string;
  output?: string | number;
  reference?: string | number;
  label?: string;
  right?: boolean;
  loss?: number;
  line?: number;
}

const said = (value: string | number): string => (typeof value === "number" ? short(value) : value.replace(/( \(\d+)%\)$/, "$1\u00a0%)") || "(nothing)");

/** Whether an answer is right; null where it cannot be said. A label may well be a digit. */
export function isRight(example: Example): boolean | null {
  if (example.right !== undefined) return example.right;
  const { output, reference } = example;
  if (typeof output !== "string" || typeof reference !== "string") return null;
  return output.replace(/ \(\d+\s?%\)$/, "") === reference;
}

export function verdict(right: boolean | null): HTMLElement {
  if (right === null) return h("span", { class: "verdict" });
  return h("span", { class: `verdict ${right ? "yes" : "no"}`, title: right ? "right" : "wrong" },
    h("span", { "aria-hidden": "true" }, right ? "✓" : "✗"), h("span", { class: "sr" }, right ? "right" : "wrong"));
}

export function examples(label: string, rows: Example[], categorical: boolean): HTMLElement {
  const items = rows.map((row) => {
    const right = categorical || row.right !== undefined ? isRight(row) : null;
    const parts: Node[] = [verdict(right)];
    if (row.label) parts.push(h("p", {}, h("span", { class: "chip" }, row.label)));
    if (row.source !== undefined) parts.push(h("p", { class: "source" }, row.source || "(nothing)"));
    if (row.output !== undefined) parts.push(h("p", { class: "output" }, said(row.output)));
    if (row.reference !== undefined && right !== true) parts.push(h("p", { class: "sub" }, `right: ${said(row.reference)}`));
    const facts = [typeof row.line === "number" ? `line ${row.line}` : "", typeof row.loss === "number" ? `loss ${short(row.loss)}` : ""];
    parts.push(h("p", { class: "sub" }, facts.filter(Boolean).join(" · ")));
    return h("li", { class: "example" }, ...parts);
  });
  return h("ul", { class: "plain examples", tabindex: 0, "aria-label": label }, ...items);
}
