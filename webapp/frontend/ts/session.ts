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

/** `to`: the address of the sign-in page, which leads back here. */
export function signedOut(to: string): void {
  if (!typed(all<HTMLInputElement>("input, textarea"))) return location.assign(to);
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

/** A form that is sent after another tab has signed in carries the token of now. */
export function watch(): void {
  document.addEventListener("submit", (event) => {
    const token = (event.target as Element).querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]");
    if (token) token.value = csrf();
  }, { capture: true });
}
