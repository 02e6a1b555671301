/** Bars with their names and values: probabilities, figures by length. Rows of a list, so that all can read them. */
import { h } from "../dom";

export interface Bar {
  name: string;
  /** Length, between 0 and 1. */
  share: number;
  value: string;
  /** The one that was chosen. */
  chosen?: boolean;
  note?: string;
}

export function bars(label: string, rows: Bar[]): HTMLElement {
  const lines = rows.map(({ name, share, value, chosen, note }) => {
    const bar = h("span", { class: "bar", "aria-hidden": "true" });
    bar.style.setProperty("--share", String(Math.min(1, Math.max(0, share))));
    const said = h("span", { class: "share" }, value);
    return h("li", { class: `row-of${chosen ? " chosen" : ""}`, title: note ?? null }, h("span", { class: "what" }, name), bar, said);
  });
  return h("ul", { class: "plain bars", "aria-label": label }, ...lines);
}

/** 0.9312 → 93.1 %, and never quite all or nothing where it is not. */
export function inPercent(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return "< 0.1\u00a0%";
  if (percent < 100 && percent > 99.9) return "> 99.9\u00a0%";
  return `${percent.toFixed(percent === 0 || percent === 100 ? 0 : 1)}\u00a0%`;
}
