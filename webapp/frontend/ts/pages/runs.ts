/** The list of runs, live: a socket for each team says where its runs stand; while it is away, the list is asked for. */
import { all, find, h, svg } from "../dom";
import { ask, fieldsOf } from "../fragments";
import { loss } from "../run/format";
import { sparkPath } from "../run/spark";
import { Picks } from "../runs/picks";
import { Link, type LinkState } from "../socket";
import { refresh as refreshTimes } from "../times";
import { toast } from "../toast";
import { number } from "../units";

interface TeamRun {
  type: string;
  run: string;
  status: string;
  step: number;
  steps: number | null;
  loss: number | null;
  sparkline: [number, number][];
}

const AWAY = 5000;
const CONNECTED = 60_000;

const UNDO = 20_000; // ms in which a deletion can be taken back at once; after that on a page of its own

const list = find("#runs");
const filter = find<HTMLFormElement>("#runs-filter");
const acts = find<HTMLFormElement>("#runs-act");
const picks = acts && new Picks(acts);
const states = new Map<string, LinkState>();
let timer: ReturnType<typeof setTimeout> | undefined;

function part<T extends Element = HTMLElement>(row: Element, name: string): T | null {
  return row.querySelector<T>(`[data-part="${name}"]`);
}

async function reload(): Promise<void> {
  clearTimeout(timer);
  const wanted = location.href;
  try {
    const html = await (await ask(wanted)).text();
    if (list && wanted === location.href) replace(list, html); // else somebody narrowed it otherwise meanwhile
  } catch {
    // offline: what is shown stays, and the page says so
  }
  plan();
}

/** Puts the server's rows in the place of these; who was on one of them stays on it. */
function replace(list: HTMLElement, html: string): void {
  const focused = list.contains(document.activeElement) ? document.activeElement?.id : null;
  list.innerHTML = html; // our own server's template, in which everything is escaped
  refreshTimes(list);
  picks?.redraw();
  if (focused) document.getElementById(focused)?.focus();
}

function plan(): void {
  clearTimeout(timer);
  const away = [...states.values()].some((state) => state !== "live");
  timer = setTimeout(() => void reload(), away ? AWAY : CONNECTED);
}

function take(frame: string): boolean {
  const message = JSON.parse(frame) as TeamRun;
  if (message.type !== "team.run") return true;
  const row = find(`[data-run="${CSS.escape(message.run)}"]`);
  // A run that is new here or whose state changed is drawn by the server.
  if (!row || row.dataset.status !== message.status) void reload();
  else update(row, message);
  return true;
}

function update(row: HTMLElement, message: TeamRun): void {
  const bar = part<HTMLProgressElement>(row, "progress");
  if (bar && message.steps) {
    bar.max = message.steps;
    bar.value = message.step;
    bar.hidden = message.status !== "running";
  }
  const where = part(row, "where");
  if (where && message.status === "running") {
    const of = message.steps ? ` of ${number(message.steps)}` : "";
    where.textContent = message.step ? `Step ${number(message.step)}${of}` : "Starting";
  }
  const figure = part(row, "loss");
  if (figure) figure.textContent = loss(message.loss);
  drawSpark(part(row, "sparkline"), message.sparkline);
}

function drawSpark(place: HTMLElement | null, points: [number, number][]): void {
  const path = sparkPath(points);
  if (!place || path === null) return;
  const known = place.querySelector("path");
  if (known) return known.setAttribute("d", path);
  const look = { class: "spark", viewBox: "0 0 120 28", preserveAspectRatio: "none" };
  place.append(svg("svg", { ...look, role: "img", "aria-label": "Training loss" }, svg("path", { d: path })));
}

function showLink(): void {
  const place = find("#runs-link");
  const away = [...states.values()].some((state) => state === "closed" || state === "offline");
  const live = [...states.values()].every((state) => state === "live");
  // Through every try to connect it stays as it was said: once.
  const text = away ? "Not live just now · asking every few seconds" : live ? "" : place?.textContent;
  if (place && place.textContent !== text) place.textContent = text ?? "";
}

for (const team of all("#runs")[0]?.dataset.teams?.split(" ") ?? []) {
  const link = new Link({
    path: () => `/ws/teams/${team}`,
    take,
    onState: (state) => {
      const before = states.get(team);
      states.set(team, state);
      if (state !== before) plan();
      if (state === "live" && before === "connecting") void reload();
      showLink();
    },
  });
  states.set(team, "connecting");
  link.start();
}
if (list) plan();

/** The server's rows are swapped as a whole, in which nobody would hear how many were found. */
function announce(): void {
  const said = find("#runs-said");
  if (said) said.textContent = find("[data-count]")?.textContent ?? "All runs";
}

/** The address says what is shown: it can be sent to somebody, and the way back leads to what was shown before. */
function narrow(form: HTMLFormElement): void {
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value) as [string, string][]);
  if (query.get("sort") === "newest") query.delete("sort");
  history.pushState(null, "", query.size ? `?${query}` : location.pathname);
  void reload().then(announce);
}

filter?.addEventListener("change", () => narrow(filter));
filter?.addEventListener("submit", (event) => {
  event.preventDefault();
  narrow(filter);
});
window.addEventListener("popstate", () => location.reload());

/** Sends a form that does something with runs; the server says what was done, and how to take it back. */
async function send(form: HTMLFormElement, event: SubmitEvent): Promise<void> {
  event.preventDefault();
  const fields = fieldsOf(form, event);
  form.closest(".toast")?.remove();
  try {
    const response = await ask(form.action, fields);
    if (response.status === 409) throw new Error(await response.text());
    const undo = say(await response.text());
    picks?.clear();
    (undo ?? find("#pick-all"))?.focus();
  } catch (error) {
    toast((error as Error).message, "error");
  }
  await reload();
}

/** Says what was done; returns the button that takes it back, where it can be. The focus never goes with the toast. */
function say(html: string): HTMLElement | null {
  const place = h("div");
  place.innerHTML = html; // our own server's template, in which everything is escaped
  const done = find(".toast", place);
  if (!done) return null;
  find("#toasts")?.append(done);
  done.addEventListener("click", (event) => (event.target as Element).closest("[data-dismiss]") && find("#pick-all")?.focus());
  const leave = (): void => {
    if (done.contains(document.activeElement)) setTimeout(leave, UNDO);
    else done.remove();
  };
  setTimeout(leave, UNDO);
  const form = find<HTMLFormElement>("form", done);
  if (!form) return null;
  form.addEventListener("submit", (event) => void send(form, event));
  const gone = find("#gone");
  if (gone) gone.hidden = false; // there is something on the page of what was deleted now
  return find("button", form);
}

acts?.addEventListener("submit", (event) => void send(acts, event));
