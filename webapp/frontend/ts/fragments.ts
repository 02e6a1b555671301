/** Pieces of a page that the server renders: fetched, posted, and shown in dialogs. Every link and form also works as it is. */
import { all, csrf, find, h } from "./dom";
import { heard, lost } from "./offline";
import { checked, signedIn } from "./session";
import { refresh } from "./times";
import { toast } from "./toast";

const PATIENCE = 20_000; // ms for an answer, as htmx-config in base.html has it

/** Asks for an address as a fragment (`request.htmx` on the server). Throws what to tell the reader. */
export async function ask(url: string, body?: BodyInit): Promise<Response> {
  const headers: Record<string, string> = {
    "HX-Request": "true", "HX-Current-URL": location.href, ...(body ? { "X-CSRFToken": csrf() } : {}),
  };
  const signal = AbortSignal.timeout(PATIENCE);
  let response: Response;
  try {
    response = await fetch(url, body ? { method: "POST", body, headers, signal } : { headers, signal });
  } catch (error) {
    if ((error as Error).name === "TimeoutError") throw new Error("The server took too long. Try again in a moment.");
    lost();
    throw new Error("The server does not answer. Try again in a moment.");
  }
  heard(response.ok);
  checked(response);
  signedIn();
  if (response.ok || response.status === 409 || response.status === 422) return response;
  if (response.status === 403) throw new Error("Your role in this team may not do this, or the page is too old: reload it.");
  if (response.status === 404) throw new Error("It is no longer there.");
  throw new Error(`The server refused that (${response.status}). Reload the page and try again.`);
}

/** The form's fields with the button that sent it. */
export function fieldsOf(form: HTMLFormElement, event: SubmitEvent): FormData {
  return new FormData(form, event.submitter as HTMLElement | null);
}

/**
 * Links with `data-dialog` open in a dialog instead of on a page of their own; a form in it that the server refuses
 * comes back with its errors, one that succeeds goes where the server leads.
 */
export function openLinksInDialogs(): void {
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-dialog]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    link.closest<HTMLDetailsElement>("details.menu")?.removeAttribute("open");
    void show(link.href);
  });
}

async function show(url: string): Promise<void> {
  try {
    const response = await ask(url);
    const dialog = h("dialog", { class: "fetched", "aria-labelledby": "dialog-title" });
    put(dialog, await response.text());
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", (event) => (event.target as Element).closest("a[data-closes]") && event.preventDefault());
    dialog.addEventListener("submit", (event) => void submit(dialog, event));
    document.body.append(dialog);
    dialog.showModal();
  } catch (error) {
    toast((error as Error).message, "error");
  }
}

async function submit(dialog: HTMLDialogElement, event: SubmitEvent): Promise<void> {
  const form = event.target as HTMLFormElement;
  if (form.method !== "post") return;
  event.preventDefault();
  const fields = fieldsOf(form, event);
  const buttons = all<HTMLButtonElement>("button", form);
  buttons.forEach((button) => (button.disabled = true));
  try {
    const response = await ask(form.action, fields);
    const goal = response.headers.get("HX-Redirect");
    if (goal) location.assign(goal);
    else put(dialog, await response.text());
  } catch (error) {
    toast((error as Error).message, "error");
  } finally {
    buttons.forEach((button) => (button.disabled = false));
  }
}

function put(place: HTMLElement, html: string): void {
  place.innerHTML = html; // our own server's template, in which everything is escaped
  refresh(place);
  window.htmx.process(place); // it may ask for pieces of itself
  (find("[autofocus]", place) ?? find("button, input, select, textarea", place))?.focus();
}
