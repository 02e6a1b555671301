/** The run's head: name, status, what may be done. The server renders it; here it is asked for anew when it may have changed. */
import { find } from "../dom";
import { ask, fieldsOf } from "../fragments";
import { toast } from "../toast";

const SETTLING = 1000;
const WAITING = 3000;
const RUNNING = 10_000;
const ENDED = 60_000;

export class Head {
  #url: string;
  #onStatus: (status: string) => void;
  #ended: () => boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `ended` says whether the feed has told an end, which the run's row learns a moment later. */
  constructor(url: string, onStatus: (status: string) => void, ended: () => boolean) {
    [this.#url, this.#onStatus, this.#ended] = [url, onStatus, ended];
    document.addEventListener("submit", (event) => this.#submit(event));
    this.#plan();
  }

  get status(): string {
    return this.#element.dataset.status ?? "";
  }

  get #element(): HTMLElement {
    return find("#run-head") as HTMLElement;
  }

  async refresh(): Promise<void> {
    try {
      this.#replace(await (await ask(this.#url)).text());
    } catch {
      // The socket says that we are offline; the next round asks again.
    }
    this.#plan();
  }

  #plan(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.refresh(), this.#wait());
  }

  #wait(): number {
    const running = this.status === "running";
    if (running && this.#ended()) return SETTLING;
    if (this.status === "queued" || this.#element.dataset.wanted !== "") return WAITING;
    return running ? RUNNING : ENDED;
  }

  #replace(html: string): void {
    const before = this.#element;
    if (before.querySelector("details[open]")) return; // a menu that is being read stays
    const parsed = new DOMParser().parseFromString(html, "text/html").querySelector("#run-head");
    if (!parsed || said(parsed) === said(before)) return;
    const focused = before.contains(document.activeElement) ? document.activeElement?.id : null;
    before.replaceWith(parsed);
    if (focused) (document.getElementById(focused) ?? find("#run-head h1"))?.focus();
    this.#onStatus(this.status);
  }

  async #submit(event: SubmitEvent): Promise<void> {
    const form = event.target as HTMLFormElement;
    if (!form.matches("#run-head form[data-act]")) return;
    event.preventDefault();
    try {
      const response = await ask(form.action, fieldsOf(form, event));
      if (response.status === 409) throw new Error(await response.text());
      this.#replace(await response.text());
    } catch (error) {
      toast((error as Error).message, "error");
      void this.refresh();
    }
    this.#plan();
  }
}

/** The head without its CSRF tokens, which are masked anew each time. */
function said(head: Element): string {
  const copy = head.cloneNode(true) as Element;
  copy.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach((input) => input.remove());
  return copy.outerHTML;
}
