/** Who was on something that a new fragment no longer has stays near it: on the row or the part of the page that held it. */

let near: string[] = [];

export function keep(): void {
  document.addEventListener("htmx:beforeSwap", () => {
    near = [];
    for (let at = document.activeElement; at && at !== document.body; at = at.parentElement) {
      if (at.id) near.push(at.id);
      const named = at.matches("section[aria-labelledby]") ? at.getAttribute("aria-labelledby") : null;
      if (named) near.push(named);
    }
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (document.activeElement !== document.body) return;
    for (const id of near) {
      const found = document.getElementById(id);
      const goal = found?.matches("a, button, input, select, textarea, [tabindex]") ? found : found?.querySelector<HTMLElement>("a, button");
      if (goal) return goal.focus({ preventScroll: true });
    }
  });
}
