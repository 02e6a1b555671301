/** What the network wrote, as a timeline that one can scrub: by temperature, by prompt, by step. */
import { find, h, svg } from "../dom";
import { number } from "../units";
import { type Forecast, forecast } from "../draw/forecast";
import { type Example, examples } from "../evaluation/examples";
import { type Feed, type Sample, countUpTo } from "./feed";
import { given } from "./format";
import { smooth } from "./smooth";

const LONGEST = 40;

/** What texts are told apart by: the prompt that they go on from, the label that they were written for. */
export const askedFor = (sample: Sample): string => sample.prompt ?? sample.label ?? "";

/** Examples and forecasts of a step are shown together; of texts one is chosen. */
export const together = (sample: Sample): boolean => sample.text === undefined;

/** A prompt or a label as one chooses it from a list. */
export function named(prompt: string, label: boolean): string {
  if (label) return prompt || "no label";
  if (prompt === "") return "no prompt";
  return `“${prompt.length > LONGEST ? `${prompt.slice(0, LONGEST - 1)}…` : prompt}”`;
}

/** 1 → 1.0, beside 0.8 */
export const shown = (temperature: number): string => (Number.isInteger(temperature) ? temperature.toFixed(1) : String(temperature));

export class Samples {
  #feed: Feed;
  #text = find("#sample-text") as HTMLElement;
  #caption = find("#sample-caption") as HTMLElement;
  #slider = find<HTMLInputElement>("#sample-step") as HTMLInputElement;
  #bars = find<SVGSVGElement>("#sample-bars") as SVGSVGElement;
  #temperatures = find("#sample-temperatures") as HTMLElement;
  #prompts = find<HTMLSelectElement>("#sample-prompt") as HTMLSelectElement;
  #first = find("#sample-first") as HTMLElement;
  #last = find("#sample-last") as HTMLElement;
  /** The samples in sight, one or more a step. */
  #shown: { step: number; samples: Sample[] }[] = [];
  #task: string;
  #seen = "";
  /** Follows the newest until somebody goes back in time. */
  #following = true;

  constructor(feed: Feed, task: string) {
    [this.#feed, this.#task] = [feed, task];
    this.#slider.addEventListener("input", () => this.#goTo(this.#slider.valueAsNumber));
    this.#temperatures.addEventListener("change", () => this.#choose());
    this.#prompts.addEventListener("change", () => this.#choose());
    this.#last.addEventListener("click", () => this.#goTo(this.#shown.length - 1));
    addEventListener("keydown", (event) => this.#key(event));
  }

  /** Called after the feed has grown or was rewound. */
  update(): void {
    const { samples } = this.#feed;
    const newest = samples.at(-1) as (Sample & { seq: number }) | undefined;
    const seen = `${samples.length} up to ${newest?.seq}`;
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#offer(samples);
    this.#choose();
  }

  #offer(samples: Sample[]): void {
    const temperatures = [...new Set(samples.flatMap((sample) => sample.temperature ?? []))].sort((a, b) => a - b);
    const known = [...this.#temperatures.querySelectorAll("input")].map((input) => input.value);
    if (known.join() !== temperatures.join()) this.#offerTemperatures(temperatures);
    const texts = samples.filter((sample) => !together(sample));
    const prompts = [...new Set(texts.map(askedFor))];
    const labels = texts.some(({ label }) => label !== undefined);
    (find("[data-prompts] .sr") as HTMLElement).textContent = labels ? "Label" : "Prompt";
    if ([...this.#prompts.options].map((option) => option.value).join("\0") !== prompts.join("\0")) {
      const before = this.#prompts.value;
      this.#prompts.replaceChildren(...prompts.map((prompt) => h("option", { value: prompt }, named(prompt, labels))));
      if (prompts.includes(before)) this.#prompts.value = before;
      (this.#prompts.closest("[data-prompts]") as HTMLElement).hidden = prompts.length < 2;
    }
  }

  #offerTemperatures(temperatures: number[]): void {
    const middle = temperatures.reduce((a, b) => (Math.abs(b - 0.8) < Math.abs(a - 0.8) ? b : a), temperatures[0] ?? 0);
    const chosen = temperatures.includes(this.#temperature) ? this.#temperature : middle;
    this.#temperatures.replaceChildren(
      ...temperatures.map((value) => {
        const name = `Temperature ${value}`;
        const input = h("input", { type: "radio", name: "temperature", value, checked: value === chosen, "aria-label": name });
        return h("label", {}, input, shown(value));
      }),
    );
    this.#temperatures.hidden = temperatures.length < 2;
  }

  get #temperature(): number {
    return Number(this.#temperatures.querySelector<HTMLInputElement>("input:checked")?.value ?? NaN);
  }

  /** Keeps the step that was looked at, where the other temperature or prompt has it. */
  #choose(): void {
    const before = this.#shown[this.#slider.valueAsNumber]?.step ?? 0;
    const bySteps = new Map<number, Sample[]>();
    for (const sample of this.#feed.samples) {
      if (together(sample)) bySteps.set(sample.step, [...(bySteps.get(sample.step) ?? []), sample]);
      else if (sample.temperature === this.#temperature && askedFor(sample) === this.#prompts.value) bySteps.set(sample.step, [sample]);
    }
    this.#shown = [...bySteps].map(([step, samples]) => ({ step, samples })).sort((a, b) => a.step - b.step);
    const newest = this.#shown.length - 1;
    this.#slider.max = String(Math.max(0, newest));
    this.#slider.disabled = newest < 0;
    (find("#sample-tip") as HTMLElement).hidden = newest < 1;
    this.#goTo(this.#following ? newest : Math.max(0, countUpTo(this.#shown.map(({ step }) => step), before) - 1));
  }

  #goTo(i: number): void {
    const seen = this.#shown[i];
    if (!seen) return;
    this.#following = i === this.#shown.length - 1;
    this.#slider.value = String(i);
    this.#slider.setAttribute("aria-valuetext", `step ${number(seen.step)}`);
    const temperature = seen.samples[0]?.temperature;
    const how = temperature === undefined ? "" : ` · temperature ${shown(temperature)}`;
    this.#caption.textContent = `step ${number(seen.step)}${how}`;
    this.#text.replaceChildren(...drawn(seen.samples, this.#task));
    this.#text.classList.remove("waiting");
    this.#first.textContent = `step ${number(this.#shown[0]?.step ?? 0)}`;
    this.#last.hidden = false;
    this.#last.textContent = this.#following && !this.#feed.ended ? "now" : `step ${number(this.#shown.at(-1)?.step ?? 0)}`;
    this.#drawBars(i);
  }

  /** One bar a sample, the higher the lower the training loss was. */
  #drawBars(current: number): void {
    const heights = barHeights(this.#feed, this.#shown.map(({ step }) => step));
    this.#bars.setAttribute("viewBox", `0 0 ${heights.length} 1`);
    this.#bars.replaceChildren(
      ...heights.map((height, i) => {
        const on = i === current ? "on" : null;
        return svg("rect", { x: i + 0.12, width: 0.76, y: 1 - height, height, class: on });
      }),
    );
  }

  #key(event: KeyboardEvent): void {
    const onPage = event.target === document.body || event.target === this.#text || (event.target as Element).id === "main";
    if (!onPage || event.ctrlKey || event.metaKey || event.altKey || !/^Arrow(Left|Right)$/.test(event.key)) return;
    const i = this.#slider.valueAsNumber + (event.key === "ArrowLeft" ? -1 : 1);
    if (i < 0 || i >= this.#shown.length) return;
    event.preventDefault();
    this.#goTo(i);
  }
}

/** Samples of one step as a reader sees them. */
export function drawn(samples: Sample[], task: string): (Node | string)[] {
  const first = samples[0] as Sample;
  if (first.history !== undefined) return samples.slice(-3).map((one) => forecast(one as unknown as Forecast, { height: 150, small: true }));
  if (first.source !== undefined) return [examples("Examples of this step", samples as Example[], task !== "regression")];
  return [h("span", { class: "prompt" }, first.prompt ?? ""), first.text ?? ""];
}

/** From 0.2 at the highest loss of these steps to 1 at the lowest; all alike where no loss is known. */
export function barHeights(feed: Feed, steps: number[]): number[] {
  const { step: at, loss } = feed.points;
  const smoothed = smooth(at, loss, at.at(-1) ?? 1);
  const losses = steps.map((step) => smoothed[Math.max(0, countUpTo(at, step) - 1)] ?? null);
  const known = losses.filter(given);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return losses.map((value) => (given(value) && high > low ? 0.2 + 0.8 * ((high - value) / (high - low)) : 0.6));
}
