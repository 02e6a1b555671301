/** What every page has: theme, keys, times, dialogs, copy buttons, toasts, htmx. */
import htmx from "htmx.org";
import { all, find } from "../dom";
import * as failures from "../failures";
import * as focus from "../focus";
import * as keys from "../keys";
import * as offline from "../offline";
import * as session from "../session";
import * as theme from "../theme";
import * as times from "../times";
import { fade, toast } from "../toast";

declare global {
  interface Window {
    htmx: typeof htmx;
  }
}
window.htmx = htmx;

theme.follow();
keys.listen();
times.refresh();
setInterval(times.refresh, 20_000);
all(".toast").forEach(fade);
document.addEventListener("htmx:afterSettle", (event) => times.refresh(event.target as HTMLElement));
failures.watch();
focus.keep();
offline.watch();
session.watch();

for (const input of all<HTMLInputElement>("input[name=theme]")) {
  input.checked = input.value === theme.choice();
  input.addEventListener("change", () => theme.choose(input.value as theme.Choice));
}

/** A menu that is open closes when one turns elsewhere. */
function closeMenus(except: Element | null): void {
  for (const menu of all<HTMLDetailsElement>("details.menu[open]")) menu.open = menu.contains(except);
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = find<HTMLDetailsElement>("details.menu[open]");
  closeMenus(null);
  if (menu?.contains(document.activeElement)) find("summary", menu)?.focus();
});

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  closeMenus(target);
  target.closest("[data-dismiss]")?.closest(".toast, .hint")?.remove();
  const opener = target.closest<HTMLElement>("[data-opens]");
  if (opener) find<HTMLDialogElement>(`#${opener.dataset.opens}`)?.showModal();
  if (target.closest("[data-closes]")) target.closest("dialog")?.close();
  if (target instanceof HTMLDialogElement) target.close(); // the backdrop
  const copier = target.closest<HTMLElement>("[data-copies]");
  if (copier) void copy(copier);
});

async function copy(button: HTMLElement): Promise<void> {
  const source = find(`#${button.dataset.copies}`);
  const text = source instanceof HTMLInputElement ? source.value : (source?.textContent ?? "");
  try {
    await navigator.clipboard.writeText(text);
    const before = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = before), 1600);
  } catch {
    getSelection()?.selectAllChildren(source ?? document.body); // no clipboard over plain http: select it instead
    toast("Selected. Press Ctrl+C to copy.");
  }
}
