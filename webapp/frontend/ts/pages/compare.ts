/** Runs beside one another: read once, and again every few seconds while one of them trains. */
import { all, find } from "../dom";
import { ComparedChart } from "../compare/chart";
import { type Compared, type Member, load, member } from "../compare/runs";
import { ComparedSamples } from "../compare/samples";
import { toast } from "../toast";

const EVERY = 5000; // ms

const boot = JSON.parse(find("#compare-boot")?.textContent ?? "{}") as { runs: Compared[] };
const runs = boot.runs.map(member);
const drawn = find("#chart-compare") && { chart: new ComparedChart(runs), samples: new ComparedSamples(runs) };

for (const key of all("[data-key]")) {
  const run = runs[Number(key.dataset.key)];
  if (!run) continue;
  key.classList.add(run.color);
  key.classList.toggle("dashed", run.dash !== undefined);
}

const add = find<HTMLSelectElement>("#add-run");
add?.addEventListener("change", () => {
  const ids = find<HTMLInputElement>("#compared") as HTMLInputElement;
  location.assign(`?runs=${ids.value},${add.value}`);
});

async function read(run: Member): Promise<void> {
  run.feed.load(await load(run, drawn?.chart.width ?? 0));
  if (run.feed.ended) run.live = false;
}

/** Those that are read now; what cannot be read is said once and asked for again. */
async function refresh(some: Member[]): Promise<void> {
  const results = await Promise.allSettled(some.map(read));
  const failed = results.find((result): result is PromiseRejectedResult => result.status === "rejected");
  if (failed) toast(`${(failed.reason as Error).message} It is asked for again.`, "warning");
  drawn?.chart.draw();
  drawn?.samples.update();
  find("#compare-charts")?.removeAttribute("aria-busy");
  const again = runs.filter((run) => run.live || (some.includes(run) && results[some.indexOf(run)]?.status === "rejected"));
  if (again.length > 0) setTimeout(() => void refresh(again), EVERY);
}

if (drawn) void refresh(runs);
