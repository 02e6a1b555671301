/** What just happened, said quietly in the corner and read out by a screen reader. */
import { all, find, h } from "./dom";

export function toast(text: string, kind: "info" | "success" | "warning" | "error" = "info"): void {
  const said = all("#toasts .toast").some((element) => element.querySelector("p")?.textContent === text);
  if (said) return; // once is enough, however often it fails
  const close = h("button", { type: "button", class: "button plain small", "data-dismiss": true, "aria-label": "Dismiss" }, "×");
  const element = h("div", { class: `toast ${kind}` }, h("p", {}, text), close);
  find("#toasts")?.append(element);
  fade(element);
}

/** Errors stay until they are dismissed, all else goes by itself. */
export function fade(element: HTMLElement): void {
  if (!element.classList.contains("error")) setTimeout(() => element.remove(), 8000);
}
