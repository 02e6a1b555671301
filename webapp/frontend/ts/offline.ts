/**
 * Whether the studio answers. While it does not, a banner says so and how old is what one sees; it asks again by itself and
 * leaves by itself. Forms that would go to a page of their own are held back meanwhile, so that no typed text is lost.
 */
import { find, h } from "./dom";
import { toast } from "./toast";

const AGAIN = 3000; // ms between two questions whether it is back
const PATIENCE = 5000; // ms for an answer

/** An event of the document: the studio answers again. */
export const BACK = "studio:back";

let heardAt = new Date();
let timer: ReturnType<typeof setTimeout> | undefined;

/** `14:05`, in the reader's own zone. */
export function clock(at: Date): string {
  return at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
}

export function words(online: boolean, at: Date): string {
  const seen = `what you see is from ${clock(at)}.`;
  return online ? `The studio does not answer; ${seen} It is asked again every few seconds.` : `You are offline; ${seen}`;
}

/** When the studio was heard last. */
export function lastHeard(): Date {
  return heardAt;
}

/** The studio answered: by a fragment, a socket, or when it was asked whether it is back; `news`: with what was asked for. */
export function heard(news = true): void {
  if (news) heardAt = new Date();
  if (timer === undefined) return;
  clearTimeout(timer);
  timer = undefined;
  const banner = find("#offline");
  if (banner) banner.hidden = true;
  document.dispatchEvent(new Event(BACK));
}

/** The studio did not answer. */
export function lost(): void {
  show();
  if (timer === undefined) plan();
}

export function isLost(): boolean {
  return timer !== undefined;
}

function plan(): void {
  clearTimeout(timer);
  timer = setTimeout(() => void ask(), AGAIN);
}

async function ask(): Promise<void> {
  try {
    await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) }); // whatever it says, it speaks
    heard(false);
  } catch {
    show();
    plan();
  }
}

function show(): void {
  let banner = find("#offline");
  if (!banner) {
    banner = h("div", { id: "offline", class: "banner", role: "status" });
    document.body.prepend(banner);
  }
  const text = words(navigator.onLine, heardAt);
  if (banner.textContent !== text) banner.textContent = text;
  banner.hidden = false;
}

/** Listens to the browser, and holds back what would be lost. */
export function watch(): void {
  // A studio on the reader's own machine answers without any network: it is asked before anything is said.
  addEventListener("offline", () => void ask());
  addEventListener("online", () => isLost() && void ask());
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (!isLost() || form.method === "dialog") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    toast("Nothing was sent: the studio does not answer. What you typed is still here; send it when the notice above is gone.", "warning");
  }, { capture: true });
  if (!navigator.onLine) void ask();
}
