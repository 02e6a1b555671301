/** The playground: a prompt and settings in, text out as it is written, and a link that writes it again. */
import { all, find } from "../dom";
import { marked } from "../model/unknown";
import { toast } from "../toast";
import { duration, number } from "../units";
import { NUMBERS, type Settings, fromFragment, newSeed, toFragment } from "./settings";
import { TokenView } from "./tokens";
import { WriteError, write } from "./writer";

type Input = HTMLInputElement | HTMLTextAreaElement;

export class Playground {
  #form: HTMLFormElement;
  #view: TokenView;
  #status = find("#play-status") as HTMLElement;
  #unknown = find("#play-unknown") as HTMLElement;
  #stop = find<HTMLButtonElement>("#play-stop") as HTMLButtonElement;
  #write = find<HTMLButtonElement>("#play-write") as HTMLButtonElement;
  #fresh = find<HTMLInputElement>("#play-fresh") as HTMLInputElement;
  #running: AbortController | null = null;
  /** What the text in sight was asked for with. */
  #shown: Settings | null = null;

  constructor(form: HTMLFormElement) {
    this.#form = form;
    const output = find("#play-output") as HTMLElement;
    this.#view = new TokenView(output, find("#token-card") as HTMLElement);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#fresh.checked && this.#shown !== null) this.#input("seed").value = String(newSeed());
      void this.#go();
    });
    this.#stop.addEventListener("click", () => this.#running?.abort());
    find("#play-shuffle")?.addEventListener("click", () => (this.#input("seed").value = String(newSeed())));
    this.#input("seed").addEventListener("input", () => (this.#fresh.checked = false));
    find("#play-copy")?.addEventListener("click", () => void copy(this.#text(), "The text is copied."));
    find("#play-link")?.addEventListener("click", () => void copy(location.href, "The link is copied. It writes this text again."));
    const shade = find<HTMLInputElement>("#play-shade");
    shade?.addEventListener("change", () => output.classList.toggle("shaded", shade.checked));
    this.#input("prompt").addEventListener("keydown", (event) => {
      const { key, ctrlKey, metaKey } = event as KeyboardEvent;
      if (key === "Enter" && (ctrlKey || metaKey)) form.requestSubmit();
    });
    this.#pairTemperature();
    addEventListener("hashchange", () => this.#follow());
    this.#input("seed").value = String(newSeed());
    this.#follow();
  }

  /** Does what the address asks for: fills the form in and writes. */
  #follow(): void {
    const asked = fromFragment(location.hash);
    if (asked === null) return;
    this.#input("prompt").value = asked.prompt;
    const label = this.#label;
    if (label && asked.label !== undefined) label.value = asked.label;
    for (const name of NUMBERS) this.#input(name).value = String(asked[name]);
    this.#input("temperature").dispatchEvent(new Event("input"));
    this.#fresh.checked = false;
    void this.#go();
  }

  #pairTemperature(): void {
    const slide = find<HTMLInputElement>("#play-temperature-slide") as HTMLInputElement;
    const field = this.#input("temperature");
    slide.addEventListener("input", () => (field.value = slide.value));
    field.addEventListener("input", () => (slide.value = field.value));
  }

  /** All that stands there, each text with the prompt before it. */
  #text(): string {
    return this.#view.texts.map((text) => (this.#shown?.prompt ?? "") + text).join("\n\n");
  }

  get #label(): HTMLInputElement | HTMLSelectElement | null {
    return this.#form.elements.namedItem("label") as HTMLInputElement | HTMLSelectElement | null;
  }

  #input(name: keyof Settings): Input {
    return this.#form.elements.namedItem(name) as Input;
  }

  #settings(): Settings {
    const numbers = NUMBERS.map((name) => [name, Number(this.#input(name).value)]);
    const label = this.#label?.value;
    return { prompt: this.#input("prompt").value, ...(label ? { label } : {}), ...Object.fromEntries(numbers) } as Settings;
  }

  /** Says at each field what is wrong with it; whether all are right. */
  #check(): boolean {
    let right = true;
    for (const name of NUMBERS) {
      const input = this.#input(name);
      if (input.value.trim() !== "" && input.checkValidity()) continue;
      right = false;
      this.#blame(name, input.value.trim() === "" ? "A number is wanted." : input.validationMessage);
    }
    return right;
  }

  #blame(field: string, message: string): boolean {
    const place = all("[data-error]", this.#form).find((element) => element.dataset.error === field);
    const input = this.#form.elements.namedItem(field);
    if (!place || !(input instanceof HTMLElement)) return false;
    place.textContent = sentence(message, field);
    place.hidden = false;
    input.setAttribute("aria-invalid", "true");
    input.focus();
    return true;
  }

  #clearErrors(): void {
    all("[data-error], #play-error", this.#form).forEach((place) => (place.hidden = true));
    all("[aria-invalid]", this.#form).forEach((input) => input.removeAttribute("aria-invalid"));
  }

  async #go(): Promise<void> {
    this.#running?.abort();
    this.#clearErrors();
    if (!this.#check()) return;
    const settings = this.#settings();
    const running = new AbortController();
    this.#running = running;
    this.#begin(settings);
    const started = performance.now();
    let tokens = 0;
    try {
      for await (const line of write(this.#form.dataset.generate ?? "", settings, running.signal)) {
        if (this.#running !== running) return;
        if (line.kind === "done") this.#unknown.replaceChildren(...marked(line, settings.prompt, this.#form.dataset.unit ?? "token"));
        if (line.kind !== "tokens") continue;
        this.#view.add(line.text, line.tokens);
        tokens += line.tokens.length;
        (find("#play-after") as HTMLElement).hidden = false;
      }
      this.#end(running, tokens, started, "");
    } catch (error) {
      if (running.signal.aborted) this.#end(running, tokens, started, "Stopped: ");
      else this.#fail(running, error as WriteError);
    }
  }

  #begin(settings: Settings): void {
    this.#shown = settings;
    history.replaceState(null, "", `#${toFragment(settings)}`);
    this.#view.begin(settings.prompt, settings.count);
    (find("#play-after") as HTMLElement).hidden = true;
    this.#unknown.replaceChildren();
    this.#form.classList.add("writing");
    this.#stop.hidden = false;
    this.#status.textContent = "Writing…";
  }

  #end(running: AbortController, tokens: number, started: number, how: string): void {
    if (this.#running !== running) return;
    this.#rest();
    const seconds = (performance.now() - started) / 1000;
    const took = seconds < 10 ? `${seconds.toFixed(1)}\u00a0s` : duration(seconds);
    const unit = this.#form.dataset.unit ?? "token";
    this.#status.textContent = `${how}${number(tokens)} ${unit}${tokens === 1 ? "" : "s"} in ${took}, seed ${this.#shown?.seed}`;
  }

  #fail(running: AbortController, error: WriteError): void {
    if (this.#running !== running) return;
    this.#rest();
    this.#status.textContent = "";
    const unplaced = (error.fields ?? []).filter(({ field, message }) => !this.#blame(field.split(".").at(-1) ?? "", message));
    if (error.fields?.length && unplaced.length === 0) return;
    const place = find("#play-error") as HTMLElement;
    place.textContent = error instanceof WriteError ? error.message : "Something went wrong in this page. Reload it and try again.";
    place.hidden = false;
  }

  #rest(): void {
    if (document.activeElement === this.#stop) this.#write.focus();
    this.#running = null;
    this.#stop.hidden = true;
    this.#form.classList.remove("writing");
  }
}

/** `prompt: the model has …` as it reads under the field: `The model has …` */
function sentence(message: string, field: string): string {
  const own = message.startsWith(`${field}: `) ? message.slice(field.length + 2) : message;
  return own.charAt(0).toUpperCase() + own.slice(1);
}

async function copy(text: string, said: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(said, "success");
  } catch {
    toast("The browser does not let this page copy: mark it and press Ctrl+C.", "warning");
  }
}
