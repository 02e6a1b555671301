/** The log: what the run stated, in words, and what its process wrote on standard error. Filled while it is open. */
import { find, h } from "../dom";
import { checked } from "../session";
import { number } from "../units";
import type { Feed } from "./feed";
import { say } from "./words";

const SHOWN = 300;
const EVERY = 5000;

export class Log {
  #feed: Feed;
  #unit: string;
  #url: string;
  #card = find<HTMLDetailsElement>("#run-log") as HTMLDetailsElement;
  #drawn = -1;

  constructor(feed: Feed, unit: string, url: string) {
    [this.#feed, this.#unit, this.#url] = [feed, unit, url];
    this.#card.addEventListener("toggle", () => {
      this.update();
      void this.#fetch();
    });
    setInterval(() => !feed.ended && void this.#fetch(), EVERY);
  }

  update(): void {
    const facts = this.#feed.facts.filter(({ kind }) => kind !== "sampled"); // those stand beside the curve
    const newest = facts.at(-1)?.seq ?? 0;
    if (!this.#card.open || newest === this.#drawn) return;
    this.#drawn = newest;
    const rows = facts.slice(-SHOWN).map((fact) => {
      const at = new Date(fact.at);
      const time = h("time", { datetime: fact.at, title: at.toLocaleString() }, at.toLocaleTimeString());
      const step = h("span", { class: "step" }, `step ${number(fact.step)}`);
      return h("li", { "data-kind": fact.kind }, time, step, h("span", {}, say(fact, this.#unit)));
    });
    keepAtEnd(find("#log-facts") as HTMLElement, (list) => list.replaceChildren(...rows));
  }

  async #fetch(): Promise<void> {
    if (!this.#card.open) return;
    const place = find("#log-output") as HTMLElement;
    try {
      const response = checked(await fetch(this.#url));
      if (!response.ok) throw new Error(String(response.status));
      const text = (await response.text()) || "Nothing. It speaks up when something is wrong.";
      if (place.textContent !== text) keepAtEnd(place, () => (place.textContent = text));
    } catch {
      // What is shown stays; where nothing is shown yet, that is said.
      place.textContent ||= "It could not be fetched. It is asked for again every few seconds.";
    }
  }
}

/** Changes a scrolled list; whoever read its end still reads its end afterwards. */
function keepAtEnd(list: HTMLElement, change: (list: HTMLElement) => void): void {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  change(list);
  if (atEnd) list.scrollTop = list.scrollHeight;
}
