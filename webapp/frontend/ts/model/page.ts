/** A model that answers: one input typed, or a small file of them; the answers drawn as their task draws them. */
import { find, h } from "../dom";
import { table } from "../draw/sized";
import { WriteError } from "../playground/writer";
import { toast } from "../toast";
import { number } from "../units";
import { type Output, predict } from "./ask";
import { asText, ofFile, typed } from "./inputs";
import { taskOf } from "./index";
import type { Asked, Task } from "./task";
import { marked, toldOfMany } from "./unknown";

const MOST_BYTES = 1_000_000;
const SHOWN = 200; // rows of a file's answers in the table; the download has all

export class Answers {
  #form: HTMLFormElement;
  #asked: Asked;
  #task: Task;
  #field = find<HTMLTextAreaElement>("#predict-input") as HTMLTextAreaElement;
  #place = find("#predict-output") as HTMLElement;
  #status = find("#predict-status") as HTMLElement;
  #error = find("#predict-error") as HTMLElement;
  #running: AbortController | null = null;
  #said = "";

  constructor(form: HTMLFormElement) {
    this.#form = form;
    this.#asked = JSON.parse(find("#predict-asked")?.textContent ?? "") as Asked;
    this.#task = taskOf(this.#asked.kind);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#answerTyped();
    });
    this.#field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    const file = find<HTMLInputElement>("#predict-file");
    file?.addEventListener("change", () => void this.#answerFile(file));
    find("#predict-copy")?.addEventListener("click", () => void this.#copy());
    const example = asText(this.#asked.input.example);
    if (!this.#field.value) this.#field.value = example;
  }

  #answerTyped(): void {
    let input: unknown;
    this.#clear();
    try {
      input = typed(this.#field.value, this.#asked);
    } catch (error) {
      this.#blame((error as Error).message);
      return;
    }
    void this.#ask([input], ([output]) => this.#one(input, output as Output));
  }

  #one(input: unknown, output: Output): Node[] {
    return [...marked(output, input, this.#asked.unit, this.#task.unknown), ...this.#task.draw(output, input, this.#asked)];
  }

  async #answerFile(file: HTMLInputElement): Promise<void> {
    const chosen = file.files?.[0];
    file.value = "";
    if (!chosen) return;
    this.#clear();
    try {
      if (chosen.size > MOST_BYTES) throw new Error(`${chosen.name} is larger than 1 MB. Send fewer records at a time, or answer it in a terminal: rnncore predict.`);
      const text = (await chosen.text()).replace(/^\ufeff/, "");
      if (this.#asked.input.kind === "series") {
        this.#field.value = text.trim();
        return this.#answerTyped();
      }
      const inputs = ofFile(chosen.name, text, this.#asked);
      if (inputs.length === 0) throw new Error(`${chosen.name} has no records. Put one input on each line.`);
      await this.#ask(inputs, (outputs) => this.#many(inputs, outputs), `${number(inputs.length)} records of ${chosen.name}`);
    } catch (error) {
      this.#blame(error instanceof SyntaxError ? `${chosen.name}: a line is no JSON.` : (error as Error).message);
    }
  }

  async #ask(inputs: unknown[], draw: (outputs: Output[]) => Node[], what = ""): Promise<void> {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    this.#form.setAttribute("aria-busy", "true");
    this.#status.textContent = "Reading…";
    const started = performance.now();
    try {
      const options = inputs.length === 1 ? this.#task.options?.(this.#form) ?? {} : {};
      const outputs = await predict(this.#form.dataset.predict ?? "", { inputs, ...options }, running.signal);
      if (this.#running !== running) return;
      this.#said = outputs.map((output) => JSON.stringify(output)).join("\n");
      this.#place.replaceChildren(...draw(outputs));
      (find("#predict-after") as HTMLElement).hidden = false;
      this.#status.textContent = `${what ? `${what} in ` : "Answered in "}${((performance.now() - started) / 1000).toFixed(1)}\u00a0s`;
    } catch (error) {
      if (running.signal.aborted || this.#running !== running) return;
      this.#status.textContent = "";
      const why = error instanceof WriteError ? error : new WriteError("Something went wrong in this page. Reload it and try again.");
      this.#blame([...why.fields.map(({ message }) => message), why.fields.length ? "" : why.message].filter(Boolean).join(" "));
    } finally {
      if (this.#running === running) this.#form.removeAttribute("aria-busy");
    }
  }

  #many(inputs: unknown[], outputs: Output[]): Node[] {
    const rows = outputs.slice(0, SHOWN).map((output, i) => [String(i + 1), briefly(inputs[i]), this.#task.brief(output)]);
    const url = URL.createObjectURL(new Blob([`${this.#said}\n`], { type: "application/jsonl" }));
    const save = h("a", { class: "button small", href: url, download: "answers.jsonl" }, "Download all as JSON lines");
    const shown = outputs.length > SHOWN ? [h("p", { class: "sub" }, `The first ${SHOWN} of ${number(outputs.length)}.`)] : [];
    const unknown = toldOfMany(outputs, this.#asked.unit, this.#task.unknown);
    return [...(unknown ? [h("p", { class: "hint" }, unknown)] : []), table("Answers", ["", "given", "answer"], rows, 3), ...shown, save];
  }

  #clear(): void {
    this.#error.hidden = true;
    this.#field.removeAttribute("aria-invalid");
  }

  #blame(message: string): void {
    this.#error.textContent = message.replace(/^inputs\.1: /, "").replace(/^./, (first) => first.toUpperCase());
    this.#error.hidden = false;
    this.#field.setAttribute("aria-invalid", "true");
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#said);
      toast("The answer is copied, as JSON.", "success");
    } catch {
      toast("The browser does not let this page copy: mark it and press Ctrl+C.", "warning");
    }
  }
}

function briefly(input: unknown): string {
  const text = asText(input);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
