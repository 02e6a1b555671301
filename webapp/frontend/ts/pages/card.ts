/** The page on which a card is edited: lengths are counted, another's text is taken over, nothing typed is left by accident. */
import { all, find, h } from "../dom";
import { number } from "../units";

const NEAR = 0.8; // of what a field takes: from here on its length is told

const form = find<HTMLFormElement>("#card-form") as HTMLFormElement;
let changed = find("#card-conflict, .error", form.parentElement ?? document) !== null;

function length(field: HTMLTextAreaElement): number {
  return [...field.value].length; // as the server counts: characters, not halves of them
}

/** Tells how long a text is where that matters; whether it may be sent. */
function tell(field: HTMLTextAreaElement, place: HTMLElement): boolean {
  const most = Number(field.dataset.most);
  const is = length(field);
  const over = is > most;
  place.textContent = is < NEAR * most ? "" : `${number(is)} of ${number(most)} characters${over ? `: ${number(is - most)} too many` : ""}`;
  place.className = over ? "error" : "sub count";
  if (over) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
  return !over;
}

const counted = all<HTMLTextAreaElement>("textarea[data-most]", form).map((field) => {
  const place = h("p", { class: "sub count", "aria-live": "polite" });
  field.closest(".in")?.after(place);
  field.addEventListener("input", () => tell(field, place));
  return { field, place };
});

form.addEventListener("input", () => (changed = true));
form.addEventListener("submit", (event) => {
  const wrong = counted.find(({ field, place }) => !tell(field, place));
  if (!wrong) {
    changed = false;
    return;
  }
  event.preventDefault();
  wrong.field.focus();
});
addEventListener("beforeunload", (event) => {
  if (changed) event.preventDefault();
});

for (const button of all<HTMLButtonElement>("[data-takes]", form)) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const field = form.elements.namedItem(button.dataset.takes ?? "") as HTMLInputElement | HTMLTextAreaElement;
    field.value = find(`#now-${button.dataset.takes}`)?.textContent ?? "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
}
