/** The queue: a waiting run is dragged to another place; the buttons beside it do the same by the keyboard. */
import { all, find } from "../dom";
import { gapAt, type Row } from "../queue/gap";

interface Drag {
  grip: HTMLElement;
  row: HTMLElement;
  rows: HTMLElement[];
  boxes: Row[];
  from: number;
  startY: number;
  gap: number;
}

let drag: Drag | null = null;

function begin(event: PointerEvent): void {
  const grip = (event.target as Element).closest<HTMLElement>(".grip");
  const row = grip?.closest<HTMLElement>("li");
  if (!grip || !row?.parentElement || event.button !== 0) return;
  event.preventDefault();
  grip.setPointerCapture(event.pointerId);
  const rows = all<HTMLElement>(":scope > li:not([data-rest])", row.parentElement);
  const boxes = rows.map((each) => ({ top: each.offsetTop, height: each.offsetHeight }));
  const from = rows.indexOf(row);
  drag = { grip, row, rows, boxes, from, startY: event.pageY, gap: from };
  row.classList.add("dragged");
}

function follow(event: PointerEvent): void {
  if (!drag) return;
  const { row, rows, boxes, from, startY } = drag;
  const by = event.pageY - startY;
  row.style.transform = `translateY(${by}px)`;
  const own = boxes[from] as Row;
  drag.gap = gapAt(boxes, from, own.top + own.height / 2 + by);
  rows.forEach((each, place) => {
    if (place !== from && place === drag?.gap) each.dataset.gap = place < from ? "before" : "after";
    else delete each.dataset.gap;
  });
}

/** Lets go; `drop`: the run is moved to where it is held. */
function end(drop: boolean): void {
  if (!drag) return;
  const { grip, row, rows, from, gap } = drag;
  drag = null;
  row.classList.remove("dragged");
  row.removeAttribute("style"); // left empty, a swap would copy it, which the policy forbids
  for (const each of rows) delete each.dataset.gap;
  if (!drop || gap === from) return;
  const where = { source: grip, target: "#queue-now", swap: "outerHTML", values: { places: String(gap - from) } };
  void window.htmx.ajax("post", grip.dataset.drop as string, where as Parameters<typeof window.htmx.ajax>[2]);
}

document.documentElement.classList.add("drags");
document.addEventListener("pointerdown", begin);
document.addEventListener("pointermove", follow);
document.addEventListener("pointerup", () => end(true));
document.addEventListener("pointercancel", () => end(false));
document.addEventListener("keydown", (event) => event.key === "Escape" && end(false));
// What is held is not taken away by the list that is asked for every few seconds.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (drag && event.target === find("#queue-now")) (event as CustomEvent<{ shouldSwap: boolean }>).detail.shouldSwap = false;
});
