/**
 * Presets: choosing one puts its values into the form and empties what another one had set; a field that has another
 * value than the chosen preset says so.
 */
import { all, find } from "../dom";

type Input = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
type Values = Record<string, string>;

/** What a preset costs, in words, by its name; beside the other fields as they stand. */
export type Figures = Record<string, { time: string; words: string; size: string }>;

export class Presets {
  private readonly radios: HTMLInputElement[];

  /** Of the run that is cloned, if one is: then there are no presets, and what departs, departs from it. */
  private readonly source: Values | null;

  constructor(form: HTMLFormElement, private readonly inputs: Input[]) {
    const source = form.getAttribute("data-source"); // form.dataset is the form's field of that name
    this.source = source ? (JSON.parse(source) as Values) : null;
    this.radios = all<HTMLInputElement>('input[name="preset"]', form);
    for (const radio of this.radios) radio.addEventListener("change", () => this.fill());
    form.addEventListener("input", () => this.mark());
    this.mark();
  }

  /** The values of the chosen preset by field: those of the other fields are empty. */
  get values(): Values {
    return this.source ?? valuesOf(this.radios.find((radio) => radio.checked));
  }

  get name(): string {
    return this.radios.find((radio) => radio.checked)?.value ?? "";
  }

  show(figures: Figures): void {
    for (const radio of this.radios) {
      const card = radio.closest("label")!;
      for (const [part, text] of Object.entries(figures[radio.value] ?? {})) {
        find(`[data-${part}]`, card)!.textContent = text;
      }
    }
  }

  private fill(): void {
    const decided = new Set(this.radios.flatMap((radio) => Object.keys(valuesOf(radio))));
    for (const input of this.inputs) {
      if (decided.has(input.name)) input.value = this.values[input.name] ?? "";
    }
    this.mark();
  }

  private mark(): void {
    if (!this.radios.length && !this.source) return;
    for (const input of this.inputs) {
      const note = find("[data-departs]", input.closest(".field")!);
      if (!note) continue;
      const given = input.value === input.dataset.lent ? "" : input.value;
      note.hidden = given === (this.values[input.name] ?? "");
    }
  }
}

function valuesOf(radio?: HTMLInputElement): Values {
  return radio ? (JSON.parse(radio.dataset.values!) as Values) : {};
}
