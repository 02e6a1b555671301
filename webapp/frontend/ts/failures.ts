/**
 * What a piece of the page says when htmx could not fetch it. One that is asked for again and again says it where it stands,
 * with a button; what somebody did says it in the corner. Nothing that is shown already goes away.
 */
import htmx from "htmx.org";
import { csrf, find, h } from "./dom";
import { clock, heard, isLost, lastHeard, lost } from "./offline";
import { SIGN_IN, signedIn, signedOut } from "./session";
import { toast } from "./toast";

interface Detail {
  xhr: XMLHttpRequest;
  headers: Record<string, string>;
  requestConfig: { elt: HTMLElement; path: string; triggeringEvent?: Event };
}

const SLOW = 300; // ms until a page says that it loads something

/** What to tell of an answer that is none. A short text of our own services is told as it is. */
export function words(status: number, type: string, body: string): string {
  if (type.startsWith("text/plain") && body.length < 400) return body;
  if (status === 403) return "Your role in this team may not do this, or the page is too old: reload it.";
  if (status === 404) return "It is no longer there.";
  if (status === 429) return "That was too often. Wait a moment and try again.";
  return `The server could not do that (${status}). Nothing you see here was lost; try again.`;
}

export function watch(): void {
  on("htmx:configRequest", ({ detail }) => {
    detail.headers["X-CSRFToken"] = csrf();
  });
  on("htmx:afterOnLoad", ({ detail }) => {
    heard(detail.xhr.status < 400);
    if (detail.xhr.status < 400) {
      signedIn();
      noteOf(detail.requestConfig.elt)?.remove(); // swapped away by now, and known by its id
    }
  });
  on("htmx:sendError", ({ detail }) => {
    lost();
    if (byHand(detail)) toast("The studio does not answer. What you see and typed is still here; try again in a moment.", "error");
  });
  on("htmx:timeout", ({ detail }) => fail(detail, "the server took too long", "The server took too long. Try again in a moment."));
  on("htmx:responseError", ({ detail }) => {
    const { xhr } = detail;
    const signIn = xhr.getResponseHeader(SIGN_IN);
    if (signIn) return signedOut(signIn);
    fail(detail, String(xhr.status), words(xhr.status, xhr.getResponseHeader("Content-Type") ?? "", xhr.responseText));
  });
  on("htmx:beforeRequest", (event) => {
    if (document.hidden && !byHand(event.detail)) event.preventDefault(); // nobody looks: the next round is soon enough
  });
  showLoading();
}

function on(name: string, take: (event: CustomEvent<Detail>) => void): void {
  document.addEventListener(name, (event) => take(event as CustomEvent<Detail>));
}

/** Whether somebody did it, and not the clock. */
function byHand({ requestConfig }: Detail): boolean {
  return requestConfig.triggeringEvent !== undefined;
}

/** `why` in a few words for a piece that is asked for by the clock, `told` in full to whoever did something. */
function fail(detail: Detail, why: string, told: string): void {
  if (byHand(detail)) return toast(told, "error");
  if (isLost()) return;
  const { elt, path } = detail.requestConfig;
  if (noteOf(elt)) return;
  const retry = h("button", { type: "button", class: "button small" }, "Retry");
  retry.addEventListener("click", () => void htmx.ajax("get", path, { source: elt }));
  const text = `This part could not be refreshed (${why}). What you see is from ${clock(lastHeard())}.`;
  elt.before(h("div", { class: "notice", role: "alert", "data-failed": elt.id }, h("p", { class: "grow" }, text), retry));
}

function noteOf(elt: HTMLElement): HTMLElement | null {
  return elt.id ? find(`[data-failed="${CSS.escape(elt.id)}"]`) : null;
}

/** A thin line above the page while something that somebody asked for is on its way. */
function showLoading(): void {
  const pending = new Map<XMLHttpRequest, ReturnType<typeof setTimeout>>();
  on("htmx:beforeSend", ({ detail }) => {
    if (byHand(detail)) pending.set(detail.xhr, setTimeout(() => document.body.classList.add("loading"), SLOW));
  });
  on("htmx:afterRequest", ({ detail }) => {
    clearTimeout(pending.get(detail.xhr));
    pending.delete(detail.xhr);
    if (pending.size === 0) document.body.classList.remove("loading");
  });
}
