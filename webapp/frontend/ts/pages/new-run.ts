/**
 * The new-run form. The server prices every change (htmx swaps the right column); what comes with it (placeholders,
 * errors at the fields, summaries of the folds) is put into the form here, where nobody is typing.
 */
import { all, find } from "../dom";
import * as estimate from "../new-run/estimate";
import { type Figures, Presets } from "../new-run/presets";

interface Facts {
  offered: Record<string, string>;
  summaries: Record<string, string>;
  errors: Record<string, string>;
  presets: Figures;
}
type Input = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const form = find<HTMLFormElement>("#recipe")!;
const inputs = all<Input>("input[id], select[id], textarea[id]", form);
const presets = new Presets(form, inputs);

/** An empty field becomes what is offered while one is in it, so that it can be changed instead of typed anew. */
function lend(input: HTMLInputElement): void {
  if (input.value || !input.placeholder || input.name === "name" || input.placeholder === "no limit") return;
  input.value = input.dataset.lent = input.placeholder;
  input.select();
  input.addEventListener("blur", () => takeBack(input), { once: true });
}

function takeBack(input: Input): void {
  if (input.value === input.dataset.lent) input.value = "";
  delete input.dataset.lent;
}

function onlyFor(): void {
  for (const input of all<Input>("[data-only-for]", form)) {
    const [name, values] = input.dataset.onlyFor!.split("=");
    const other = form.elements.namedItem(name) as HTMLSelectElement | null;
    const fits = !other || values.split(" ").includes(other.value); // a task without the other field has it always
    input.closest<HTMLElement>(".field")!.hidden = !fits && !input.value;
  }
}

function apply(facts: Facts): void {
  for (const input of inputs) {
    const offered = facts.offered[input.name];
    if (offered !== undefined) {
      if (input instanceof HTMLSelectElement) input.options[0].textContent = offered;
      else if (input.type === "checkbox") find("[data-offered]", input.closest(".field")!)!.textContent = offered;
      else if (!input.value) input.placeholder = offered; // of a field that is filled in, it would be that value
    }
    const error = facts.errors[input.name] ?? "";
    const line = all("[data-error-of]", form).find((element) => element.dataset.errorOf === input.name);
    if (line) {
      line.textContent = error;
      line.hidden = !error;
    }
    if (error) {
      input.setAttribute("aria-invalid", "true");
      input.closest("details")?.setAttribute("open", "");
    } else input.removeAttribute("aria-invalid");
    if (input.type === "checkbox") continue; // its group is described
    const described = `${input.id}_helptext ${error ? `${input.id}_error` : ""}`.trim();
    if (line) input.setAttribute("aria-describedby", described);
  }
  for (const [topic, text] of Object.entries(facts.summaries)) {
    const line = find(`[data-summary="${topic}"]`, form); // a text has no fold of columns
    if (line) line.textContent = text;
  }
}

function announce(): void {
  const said = ["time", "memory", "parameters"].map((name) => find(`#plan-${name}`)?.textContent?.trim()).join(", ");
  find("#estimate-news")!.textContent = said.includes("–") ? "A field is wrong." : `Estimate: ${said} parameters.`;
}

form.addEventListener("focusin", (event) => {
  if (event.target instanceof HTMLInputElement) lend(event.target);
});
form.addEventListener("change", onlyFor);
document.addEventListener("htmx:afterSwap", (event) => {
  if ((event.target as Element).id !== "estimate") return;
  const facts = JSON.parse(find("#form-facts")!.textContent!) as Facts;
  apply(facts);
  presets.show(facts.presets);
  announce();
});
form.addEventListener("submit", (event) => {
  inputs.forEach(takeBack);
  const button = event.submitter as HTMLButtonElement | null;
  if (button?.id !== "train") return;
  button.setAttribute("aria-disabled", "true");
  button.textContent = "Starting…";
  if (form.dataset.sent) event.preventDefault(); // a second click starts no second run
  form.dataset.sent = "yes";
});
// What was typed goes along to another task's form, whose fields take what they know by the same names.
for (const link of all<HTMLAnchorElement>("a[data-task]", form)) {
  link.addEventListener("click", () => {
    inputs.forEach(takeBack);
    const url = new URL(link.href);
    for (const [name, value] of new FormData(form)) {
      if (typeof value !== "string" || !value || ["csrfmiddlewaretoken", "dataset", "task.kind"].includes(name)) continue;
      if (value !== presets.values[name]) url.searchParams.append(name, value); // each task's presets have their own
    }
    link.href = url.toString();
  });
}
addEventListener("pageshow", () => {
  delete form.dataset.sent; // also when one comes back
  const button = find("#train")!;
  button.removeAttribute("aria-disabled");
  button.textContent = "Train";
});
estimate.watch(form);
onlyFor();
