/** Runs beside one another, each followed while it trains; where they stand is drawn by the server and asked for anew. */
import { ComparedChart } from "../compare/chart";
import { type Compared, DELETED, Member, type Standing } from "../compare/runs";
import { ComparedSamples } from "../compare/samples";
import { all, find } from "../dom";
import { ask } from "../fragments";
import type { RunEvent } from "../run/feed";
import { showLine, showUnread } from "../run/line";
import { paced } from "../run/pace";
import { Link, type LinkState } from "../socket";
import { toast } from "../toast";

const SETTLING = 500; // ms from a change to asking where the runs stand
const TRAINING = 10_000; // ms between two questions while one is under way …
const RESTING = 60_000; // … and while none is
const TURNS = new Set(["started", "baseline", "evaluated", "rewound", "stopped", "finished", "failed"]);

interface Line {
  state: LinkState;
  why: string;
  heardAt: () => number;
}

const boot = JSON.parse(find("#compare-boot")?.textContent ?? "{}") as { runs: Compared[]; teams: string[] };
const lines = new Map<string, Line>();
const unread = new Set<Member>(); // runs whose history was asked for and did not come
const schedule = paced(draw);
const look = paced(() => void refresh(), SETTLING);
let asked = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

const runs: Member[] = boot.runs.map((run, place) => new Member(run, place, standing(document, run.id), {
  width: () => chart?.width ?? 0,
  changed: (event) => changed(event),
  linked: (state, why) => {
    lines.set(run.id, { state: state === "closed" ? "live" : state, why, heardAt: () => runs[place]?.follower.heardAt ?? 0 });
    if (state === "closed") look(); // it was deleted, or may no longer be seen: the studio knows
    showLines();
  },
}));
const chart: ComparedChart | null = find("#chart-compare") && new ComparedChart(runs);
const samples = chart && new ComparedSamples(runs);

function draw(): void {
  if (!runs.some(({ read }) => read)) return;
  find("#compare-charts")?.removeAttribute("aria-busy");
  chart?.draw();
  samples?.update();
}

function changed(event: RunEvent | null): void {
  if (event === null || TURNS.has(event.kind)) look();
  schedule();
}

/** A run's place in a table or a list has the colour of its curve. */
function paint(root: ParentNode): void {
  for (const key of all("[data-key]", root)) {
    const run = runs.find(({ id }) => id === key.dataset.key);
    if (!run) continue;
    key.classList.add(run.color);
    key.classList.toggle("dashed", run.dash !== undefined);
  }
}

/** Where a run stands by the list of the page or of a fragment; one that is not in it is deleted for good. */
function standing(root: ParentNode, id: string): Standing {
  const row = find(`[data-run="${CSS.escape(id)}"]`, root);
  return row ? { status: row.dataset.status ?? "", seq: Number(row.dataset.seq) } : { status: DELETED, seq: 0 };
}

/** Asks where the runs stand, and follows those that go on. */
async function refresh(): Promise<void> {
  clearTimeout(timer);
  const question = ++asked;
  try {
    const html = await (await ask(location.href)).text();
    if (question !== asked) return; // it was asked again meanwhile
    const parsed = new DOMParser().parseFromString(html, "text/html");
    for (const run of runs) stand(run, standing(parsed, run.id));
    for (const id of ["compared-runs", "compared-figures"]) replace(id, parsed);
    schedule();
  } catch {
    // Offline: the page says so, and asks again.
  }
  clearTimeout(timer);
  timer = setTimeout(() => void refresh(), runs.some((run) => run.underWay) ? TRAINING : RESTING);
}

function replace(id: string, parsed: Document): void {
  const [old, next] = [document.getElementById(id), parsed.getElementById(id)];
  if (!old || !next) return;
  paint(next);
  if (old.innerHTML === next.innerHTML) return;
  const focused = old.contains(document.activeElement) ? document.activeElement?.id : null;
  old.replaceChildren(...next.childNodes);
  if (focused) document.getElementById(focused)?.focus();
}

function stand(run: Member, next: Standing): void {
  const before = run.deleted;
  run.standing = next;
  if (run.deleted && !before) toast(`“${run.name}” was deleted. Its curve stays here as it was.`, "warning");
  run.follow();
  if (!run.follower.started) lines.delete(run.id);
}

/** The worst of all lines, and since when nothing was heard there. */
function showLines(): void {
  const worst = (["closed", "offline", "connecting"] as const).map((state) => [...lines.values()].filter((line) => line.state === state));
  const bad = worst.find((some) => some.some(({ why }) => why !== "")) ?? [];
  const [line] = bad;
  if (unread.size > 0 && line?.state !== "offline") return showUnread(named([...unread]));
  const heardAt = Math.min(...bad.map((each) => each.heardAt()));
  showLine(line?.state ?? "live", line?.why ?? "", heardAt, "You are no longer in the team of these runs");
}

/** “cats”, or how many they are. */
function named(some: Member[]): string {
  return some.length === 1 ? `“${some[0]?.name}”` : `${some.length} runs`;
}

/** What a team's runs do that are not under way here: one is resumed, deleted, brought back. */
function listen(team: string): void {
  const link: Link = new Link({
    path: () => `/ws/teams/${team}`,
    take: (frame) => {
      const { run: id, status } = JSON.parse(frame) as { run?: string; status?: string };
      const run = runs.find((each) => each.id === id);
      if (run && status !== run.standing.status) look();
      return true;
    },
    onState: (state, why) => {
      if (state === "live" && lines.get(team)?.state !== "live") look(); // of what happened meanwhile nobody tells
      lines.set(team, { state, why, heardAt: () => link.heardAt });
      showLines();
    },
  });
  link.start();
}

const add = find<HTMLSelectElement>("#add-run");
add?.addEventListener("change", () => {
  const ids = find<HTMLInputElement>("#compared") as HTMLInputElement;
  location.assign(`?runs=${ids.value},${add.value}`);
});

async function read(run: Member): Promise<void> {
  await run.open(() => {
    unread.add(run);
    showLines();
  });
  unread.delete(run);
  showLines();
  if (!run.follower.started) lines.delete(run.id);
}

async function open(): Promise<void> {
  boot.teams.forEach(listen);
  setInterval(showLines, 1000);
  await Promise.all(runs.map(read));
  draw();
}

paint(document);
if (chart) void open();
