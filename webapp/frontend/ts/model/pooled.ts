/** Tokens shaded by how much they mattered: classification and regression explain themselves so. */
import { h } from "../dom";

interface Weighed {
  token: string;
  weight: number;
}

/** `towards` and `against`: what a token does whose weight is above or below zero. */
export function explained(tokens: unknown, towards: string, against: string): Node[] {
  const found = (tokens ?? []) as Weighed[];
  if (found.length === 0) return [];
  const most = Math.max(...found.map(({ weight }) => Math.abs(weight))) || 1;
  const words = found.map(({ token, weight }) => {
    const mark = h("span", { class: `weighed ${weight < 0 ? "against" : "towards"}`, title: `${weight > 0 ? "+" : ""}${weight.toPrecision(2)}` }, token);
    mark.style.setProperty("--share", `${Math.round((46 * Math.abs(weight)) / most)}%`);
    if (Math.abs(weight) / most > 0.5) mark.dataset.strong = "";
    return mark;
  });
  const spaced = found.some(({ token }) => [...token].length > 1);
  const line = h("p", { class: "weights" }, ...words.flatMap((word) => (spaced ? [word, " "] : [word])));
  const key = h("p", { class: "sub" }, "The stronger the colour, the more it mattered: ", h("span", { class: "weighed towards named" }, towards), " ", h("span", { class: "weighed against named" }, against));
  return [h("h3", { class: "part" }, "What it looked at"), line, key];
}

export function explain(form: HTMLFormElement): Record<string, unknown> {
  return (form.elements.namedItem("explain") as HTMLInputElement | null)?.checked ? { explain: true } : {};
}
