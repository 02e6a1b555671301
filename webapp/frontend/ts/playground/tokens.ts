/** What was written, token by token: each tells how likely it was and what else was on offer. */
import { all, find, h } from "../dom";
import type { Token } from "./writer";

const SHADES = [0.5, 0.2, 0.05, 0.01]; // below each of these a token was less expected

const SEEN: Record<string, string> = { " ": "␣", "\n": "↵", "\t": "⇥", "\u00a0": "⍽" };

/** A token as it can be seen: spaces and line ends by their signs. */
export function visible(token: string): string {
  return token === "" ? "(end)" : [...token].map((char) => SEEN[char] ?? char).join("");
}

export function shadeOf(probability: number): number {
  return SHADES.filter((limit) => probability < limit).length;
}

export function inPercent(probability: number): string {
  const percent = probability * 100;
  if (percent > 0 && percent < 0.1) return "< 0.1\u00a0%";
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)}\u00a0%`;
}

export class TokenView {
  #output: HTMLElement;
  #card: HTMLElement;
  #texts: Token[][] = [];
  #places: HTMLElement[] = [];
  #current: HTMLElement | null = null;

  constructor(output: HTMLElement, card: HTMLElement) {
    [this.#output, this.#card] = [output, card];
    output.addEventListener("pointerover", (event) => this.#show(tokenAt(event.target)));
    output.addEventListener("pointerleave", () => this.#show(null));
    output.addEventListener("focusout", () => this.#show(null));
    output.addEventListener("keydown", (event) => this.#key(event));
    addEventListener("scroll", () => this.#show(null), { passive: true });
  }

  get texts(): string[] {
    return this.#texts.map((tokens) => tokens.map(({ token }) => token).join(""));
  }

  /** Empty places for `count` texts that all go on from `prompt`. */
  begin(prompt: string, count: number): void {
    this.#show(null);
    this.#texts = Array.from({ length: count }, () => []);
    this.#places = this.#texts.map((_, i) => {
      const name = `${count > 1 ? `Text ${i + 1} of ${count}` : "The text"}; arrow keys read it token by token`;
      return h("div", { class: "text", tabindex: 0, role: "group", "aria-label": name }, h("span", { class: "prompt" }, prompt));
    });
    this.#output.replaceChildren(...this.#places);
  }

  add(text: number, tokens: Token[]): void {
    const known = this.#texts[text];
    const place = this.#places[text];
    if (!known || !place) return;
    const spans = tokens.map((token, i) => {
      const data = { "data-at": `${text}:${known.length + i}`, "data-shade": shadeOf(token.probability) };
      return h("span", { class: "token", ...data }, token.token);
    });
    known.push(...tokens);
    place.append(...spans);
  }

  #key(event: KeyboardEvent): void {
    const place = (event.target as Element).closest<HTMLElement>(".text");
    if (!place || !["ArrowLeft", "ArrowRight", "Home", "End", "Escape"].includes(event.key)) return;
    event.preventDefault();
    const spans = all(".token", place);
    const at = this.#current ? spans.indexOf(this.#current) : -1;
    const last = spans.length - 1;
    const goals: Record<string, number> = {
      ArrowLeft: Math.max(0, at - 1), ArrowRight: Math.min(last, at + 1), Home: 0, End: last, Escape: -1,
    };
    this.#show(spans[goals[event.key] as number] ?? null, true);
  }

  #show(span: HTMLElement | null, byKey = false): void {
    if (span === this.#current) return;
    this.#current?.classList.remove("current");
    this.#current = span;
    this.#card.hidden = span === null;
    if (!span) return;
    span.classList.add("current");
    if (byKey) span.scrollIntoView({ block: "nearest" });
    const [text, i] = (span.dataset.at ?? "").split(":").map(Number) as [number, number];
    const token = this.#texts[text]?.[i];
    if (!token) return;
    fillCard(this.#card, token);
    this.#put(span);
    // A reader who moves by key hears it; a pointer's way over the text would only chatter.
    if (byKey) (find("#play-status") as HTMLElement).textContent = spoken(token);
  }

  #put(span: HTMLElement): void {
    const place = span.getClientRects()[0] ?? span.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.#card;
    const below = place.bottom + 8;
    const top = below + height > innerHeight ? place.top - height - 8 : below;
    this.#card.style.left = `${Math.max(8, Math.min(innerWidth - width - 8, place.left - 16))}px`;
    this.#card.style.top = `${Math.max(8, top)}px`;
  }
}

function tokenAt(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>(".token") : null;
}

function spoken({ token, probability, alternatives = [] }: Token): string {
  const others = alternatives.filter(([other]) => other !== token).slice(0, 3);
  const rest = others.map(([other, share]) => `${visible(other)} ${inPercent(share)}`).join(", ");
  return `${visible(token)}, ${inPercent(probability)}${rest ? `; instead of ${rest}` : ""}`;
}

function fillCard(card: HTMLElement, { token, probability, alternatives = [] }: Token): void {
  const rows: [string, number, boolean][] = alternatives.map(([other, share]) => [other, share, other === token]);
  if (!rows.some(([, , chosen]) => chosen)) rows.push([token, probability, true]);
  rows.sort(([, a], [, b]) => b - a);
  card.replaceChildren(
    ...rows.map(([text, share, chosen]) => {
      const bar = h("span", { class: "bar" });
      bar.style.setProperty("--share", String(share));
      const [what, how] = [h("span", { class: "what" }, visible(text)), h("span", { class: "share" }, inPercent(share))];
      return h("div", { class: chosen ? "row-of chosen" : "row-of" }, what, bar, how);
    }),
  );
}
