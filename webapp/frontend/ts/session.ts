/**
 * What happens when one is signed out while a page is open: it leads to sign-in and back. Where somebody has typed, the page
 * stays as it is and offers a second tab for that, so that the text can be sent afterwards.
 */
import { all, csrf, find, h } from "./dom";

/** The server names where to sign in, instead of leading a fragment there. */
export const SIGN_IN = "X-Sign-In";

type Typed = Pick<HTMLInputElement, "type" | "value" | "defaultValue">;

/** Whether somebody has changed a field that they would have to write again. */
export function typed(fields: Typed[]): boolean {
  const free = new Set(["text", "textarea", "email", "url", "search", "number"]);
  return fields.some((field) => free.has(field.type) && field.value !== field.defaultValue);
}

/** `to`: the address of the sign-in page, which leads back here. `stay`: whether there is something here to be lost. */
export function signedOut(to: string, stay = typed(all<HTMLInputElement>("input, textarea"))): void {
  if (!stay) return location.assign(to);
  if (find("#signed-out")) return;
  const link = h("a", { class: "link", href: to, target: "_blank" }, "Sign in in another tab");
  const banner = h("div", { id: "signed-out", class: "banner", role: "alert" }, "You are signed out. ", link, ", then go on here: what you typed is kept.");
  document.body.prepend(banner);
  link.focus();
}

/** The answer to what a script fetched; one that says that nobody is signed in leads to sign-in, and is thrown. */
export function checked(response: Response): Response {
  const to = response.headers.get(SIGN_IN);
  if (!to) return response;
  signedOut(to);
  throw new Error("You are signed out.");
}

/** Another tab may have signed in: the banner leaves as soon as the studio knows the reader again. */
export function signedIn(): void {
  find("#signed-out")?.remove();
}

/** Whether a form of somebody who is signed in goes to a page of its own, with something that they filled in. */
function filledIn(form: HTMLFormElement): boolean {
  if (form.method !== "post" || form.hasAttribute("hx-post") || !find("nav.rail")) return false;
  return [...form.elements].some((field) => !(field instanceof HTMLButtonElement) && (field as HTMLInputElement).type !== "hidden");
}

const asked = new WeakSet<HTMLFormElement>(); // forms that wait for the answer
const sure = new WeakSet<HTMLFormElement>();

/** Sends a form once the studio has said that it still knows the reader: sign-in would swallow what was filled in. */
async function send(form: HTMLFormElement, submitter: HTMLElement | null): Promise<void> {
  if (asked.has(form)) return; // a double click is one
  asked.add(form);
  const answer = await fetch(location.href, { method: "HEAD", cache: "no-store" }).catch(() => undefined);
  asked.delete(form);
  const to = answer?.headers.get(SIGN_IN);
  if (to) return signedOut(to, true);
  sure.add(form);
  form.requestSubmit(submitter);
  sure.delete(form);
}

export function watch(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    // A form that is sent after another tab has signed in carries the token of now.
    const token = form.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]");
    if (token) token.value = csrf();
    if (sure.has(form) || !filledIn(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    void send(form, event.submitter);
  }, { capture: true });
}
