/**
 * Whether what the page reckons is of the form as it stands: it says so while an answer is on its way or did not come, and
 * asks again when the studio is back. What goes wrong is told where everything that fails is told (failures.ts).
 */
import { find } from "../dom";
import { BACK } from "../offline";

export function watch(form: HTMLFormElement): void {
  const place = find("#estimate")!;
  const note = find("#estimate-stale")!;
  const ask = () => form.dispatchEvent(new Event("input", { bubbles: true }));
  const stale = () => {
    note.hidden = false;
    place.removeAttribute("aria-busy");
  };
  form.addEventListener("htmx:beforeSend", () => place.setAttribute("aria-busy", "true"));
  for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) form.addEventListener(name, stale);
  form.addEventListener("htmx:afterRequest", (event) => {
    if (!(event as CustomEvent<{ successful: boolean }>).detail.successful) return;
    place.removeAttribute("aria-busy");
    note.hidden = true;
  });
  find("button", note)!.addEventListener("click", ask);
  document.addEventListener(BACK, () => note.hidden || ask());
}
