/** What the metrics of a run or a model hide: the report of a split, asked for again while there is none. */
import { all, find, h } from "../dom";
import { type Report, partsOf } from "../evaluation/parts";
import { checked } from "../session";

interface Boot {
  report: string;
  splits: string[];
  kind: string;
}

const AGAIN = 5000; // ms until a report that is not there yet is asked for again
const boot = JSON.parse(find("#evaluation-boot")?.textContent ?? "") as Boot;
const place = find("#evaluation-parts") as HTMLElement;
const empty = find("#evaluation-empty") as HTMLElement;
const status = find("#evaluation-status") as HTMLElement;
let timer: ReturnType<typeof setTimeout> | undefined;

function show(report: Report): void {
  const cards = partsOf(report).map(({ title, note, span, body }, i) => {
    const heading = h("h2", { id: `part-${i}` }, title);
    return h("section", { class: `card span-${span}`, "aria-labelledby": `part-${i}` }, heading, h("p", { class: "sub" }, note), ...body);
  });
  place.replaceChildren(...cards);
  empty.hidden = true;
}

async function load(split: string): Promise<void> {
  clearTimeout(timer);
  try {
    const url = new URL(boot.report, location.href);
    url.searchParams.set("split", split);
    const response = checked(await fetch(url));
    if (response.status === 404) {
      place.replaceChildren();
      empty.hidden = false;
      timer = setTimeout(() => void load(split), AGAIN);
      return;
    }
    if (!response.ok) throw new Error(String(response.status));
    show((await response.json()) as Report);
    status.textContent = "";
  } catch {
    status.textContent = "The server does not answer. It is asked again.";
    timer = setTimeout(() => void load(split), AGAIN);
  }
}

for (const input of all<HTMLInputElement>("input[name=split]")) input.addEventListener("change", () => void load(input.value));
void load(find<HTMLInputElement>("input[name=split]:checked")?.value ?? boot.splits[0] ?? "valid");
