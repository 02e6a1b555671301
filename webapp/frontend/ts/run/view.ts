/** The controls of how losses are looked at (templates/runs/_view.html). */
import { all, find } from "../dom";
import type { Axis } from "./axis";

export interface View {
  axis: (axis: Axis) => void;
  log: (on: boolean) => void;
  smooth: (on: boolean) => void;
  /** All of the run again. */
  reset: () => void;
}

export function listen(view: View): void {
  for (const input of all<HTMLInputElement>("input[name=axis]")) {
    input.addEventListener("change", () => view.axis(input.value as Axis));
  }
  toggle("#loss-log", view.log);
  toggle("#loss-smooth", view.smooth);
  find("#zoom-reset")?.addEventListener("click", view.reset);
}

function toggle(selector: string, set: (on: boolean) => void): void {
  const button = find(selector) as HTMLElement;
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    set(on);
  });
}
