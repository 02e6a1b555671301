/** The keyboard: `/` searches, `g` and a letter goes to a page, `?` lists the keys. Silent while somebody types. */
import { find } from "./dom";

const PAGES: Record<string, string> = { h: "/", r: "/runs/", d: "/datasets/", m: "/models/", q: "/queue/", t: "/team/", s: "/settings/" };

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));
}

export function listen(): void {
  let leader = 0;
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (typing(event.target) || find("dialog[open]")) return;
    const key = event.key;
    if (Date.now() - leader < 1500 && PAGES[key] && find("nav[aria-label=Main]")) {
      event.preventDefault();
      location.assign(PAGES[key]);
    } else if (key === "g") {
      leader = Date.now();
      return;
    } else if (key === "/") {
      const search = find<HTMLInputElement>("[data-search]");
      if (search) {
        event.preventDefault();
        search.focus();
      }
    } else if (key === "?") {
      find<HTMLDialogElement>("#keys")?.showModal();
    }
    leader = 0;
  });
}
