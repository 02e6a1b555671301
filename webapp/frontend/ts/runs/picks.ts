/** Which runs of a list are picked: by mouse and space bar, a range with shift, all of the page; kept while rows are swapped. */
import { all, find } from "../dom";

const ENDED = ["finished", "stopped", "failed"]; // nothing is left to stop
const most = 8; // runs that can be compared

export class Picks {
  private readonly ids = new Set<string>();
  private last: string | undefined; // where a range begins
  private shift = false;

  constructor(private readonly form: HTMLElement) {
    form.addEventListener("click", (event) => (this.shift = event.shiftKey), true);
    form.addEventListener("change", (event) => this.changed(event.target as HTMLInputElement));
    this.show();
  }

  /** After the server's rows were put in: what is no longer there is no longer picked. */
  redraw(): void {
    const there = this.boxes().map((box) => box.value);
    for (const id of this.ids) if (!there.includes(id)) this.ids.delete(id);
    this.show();
  }

  clear(): void {
    this.ids.clear();
    this.show();
  }

  private boxes(): HTMLInputElement[] {
    return all<HTMLInputElement>('input[name="run"]', this.form);
  }

  private changed(box: HTMLInputElement): void {
    if (box.id === "pick-all") this.boxes().forEach((one) => this.set(one.value, box.checked));
    else if (box.name === "run") this.pick(box);
    else return;
    this.show();
  }

  private pick(box: HTMLInputElement): void {
    const values = this.boxes().map((one) => one.value);
    const from = this.shift && this.last ? values.indexOf(this.last) : -1;
    const to = values.indexOf(box.value);
    const range = from < 0 ? [box.value] : values.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const id of range) this.set(id, box.checked);
    this.last = box.value;
  }

  private set(id: string, on: boolean): void {
    if (on) this.ids.add(id);
    else this.ids.delete(id);
  }

  private show(): void {
    const boxes = this.boxes();
    for (const box of boxes) box.checked = this.ids.has(box.value);
    const count = this.ids.size;
    const every = find<HTMLInputElement>("#pick-all", this.form);
    if (every) {
      every.checked = count > 0 && count === boxes.length;
      every.indeterminate = count > 0 && count < boxes.length;
    }
    const said = find("#picked-count", this.form);
    if (said) said.textContent = count ? `${count} selected` : "Select all on this page";
    const going = boxes.some((box) => box.checked && !ENDED.includes(box.closest<HTMLElement>("[data-status]")?.dataset.status ?? ""));
    for (const button of all<HTMLButtonElement>("#picked button", this.form)) {
      button.disabled = button.value === "stop" ? !going : count === 0;
    }
    const compare = find<HTMLAnchorElement>("#compare", this.form);
    if (compare) {
      compare.hidden = count < 2 || count > most;
      compare.href = `${compare.pathname}?runs=${[...this.ids].join(",")}`;
    }
  }
}
