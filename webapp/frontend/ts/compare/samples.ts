/** What the runs make at the same step: one slider for all, of each run the newest sample up to there. */
import { all, find, h } from "../dom";
import type { Sample } from "../run/feed";
import { askedFor, drawn, named, shown, together } from "../run/samples";
import { number } from "../units";
import type { Member } from "./runs";

const TOGETHER = ""; // examples and forecasts are not chosen from

export class ComparedSamples {
  #section = find("#compare-samples") as HTMLElement;
  #slider = find<HTMLInputElement>("#samples-at") as HTMLInputElement;
  #asked = find<HTMLSelectElement>("#samples-asked") as HTMLSelectElement;
  #columns = all("#samples-columns > section");
  #steps: number[] = [];
  /** What each column shows. */
  #seen: string[] = [];

  constructor(private readonly runs: Member[]) {
    this.#slider.addEventListener("input", () => this.#show());
    this.#asked.addEventListener("change", () => this.update());
  }

  /** Called after a feed has grown: who looks at the newest goes on to do so. */
  update(): void {
    const before = this.#steps[this.#slider.valueAsNumber];
    const newest = this.#slider.valueAsNumber >= this.#steps.length - 1;
    this.#offer();
    const steps = this.runs.flatMap((run) => this.#of(run).map(({ step }) => step));
    this.#steps = [...new Set(steps)].sort((a, b) => a - b);
    this.#section.hidden = this.#steps.length === 0;
    const last = Math.max(0, this.#steps.length - 1);
    this.#slider.max = String(last);
    const place = before === undefined ? last : this.#steps.findIndex((step) => step >= before);
    this.#slider.value = String(newest || place < 0 ? last : place);
    this.#show();
  }

  /** Prompts and temperatures that at least one run has. */
  #offer(): void {
    const keys = new Map<string, string>();
    for (const run of this.runs) {
      for (const sample of run.feed.samples) if (!together(sample)) keys.set(key(sample), title(sample));
    }
    const names = [...keys.keys()];
    if ([...this.#asked.options].map(({ value }) => value).join("\0") !== names.join("\0")) {
      const before = this.#asked.value;
      this.#asked.replaceChildren(...names.map((name) => h("option", { value: name }, keys.get(name) as string)));
      if (names.includes(before)) this.#asked.value = before;
    }
    (find("#samples-asked-label") as HTMLElement).hidden = names.length < 2;
  }

  #of(run: Member): Sample[] {
    return run.feed.samples.filter((sample) => key(sample) === TOGETHER || key(sample) === this.#asked.value);
  }

  #show(): void {
    const at = this.#steps[this.#slider.valueAsNumber] ?? 0;
    (find("#samples-step") as HTMLElement).textContent = `up to step ${number(at)}`;
    this.#slider.setAttribute("aria-valuetext", `step ${number(at)}`);
    this.runs.forEach((run, i) => {
      const column = this.#columns[i] as HTMLElement;
      const known = this.#of(run).filter(({ step }) => step <= at);
      const step = known.at(-1)?.step;
      const samples = known.filter((sample) => sample.step === step);
      const seen = JSON.stringify(samples);
      if (this.#seen[i] === seen) return; // what somebody reads or marks is left alone
      this.#seen[i] = seen;
      (find("[data-step]", column) as HTMLElement).textContent = step === undefined ? "nothing yet" : `step ${number(step)}`;
      find("[data-sample]", column)?.replaceChildren(...(samples.length > 0 ? drawn(samples, run.task) : []));
    });
  }
}

function key(sample: Sample): string {
  return together(sample) ? TOGETHER : JSON.stringify([askedFor(sample), sample.temperature]);
}

function title(sample: Sample): string {
  const asked = named(askedFor(sample), sample.label !== undefined);
  return sample.temperature === undefined ? asked : `${asked}, temperature ${shown(sample.temperature)}`;
}
