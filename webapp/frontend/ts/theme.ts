/** Light, dark, or as the system has it. The choice lives in localStorage; <html data-theme> is what it comes to. */
export type Choice = "auto" | "light" | "dark";

const system = matchMedia("(prefers-color-scheme: dark)");

export function choice(): Choice {
  try {
    const stored = localStorage.getItem("theme");
    return stored === "light" || stored === "dark" ? stored : "auto";
  } catch {
    return "auto"; // storage is blocked
  }
}

export function choose(next: Choice): void {
  try {
    localStorage.setItem("theme", next);
  } catch {
    // storage is blocked: the choice holds for this page
  }
  apply(next);
}

/** Charts listen for `themechange` on the document and draw again. */
export function apply(wanted: Choice = choice()): void {
  const theme = wanted === "auto" ? (system.matches ? "dark" : "light") : wanted;
  if (document.documentElement.dataset.theme === theme) return;
  document.documentElement.dataset.theme = theme;
  document.dispatchEvent(new CustomEvent("themechange", { detail: theme }));
}

export function follow(): void {
  system.addEventListener("change", () => apply());
  addEventListener("storage", (event) => event.key === "theme" && apply());
}
