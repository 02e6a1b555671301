/** Losses of several runs over one another. */
import { find } from "../dom";
import { AXES, type Axis, Scale, ends } from "../run/axis";
import { Chart } from "../run/chart";
import { ascending, ceiling, logExtent, lossExtent } from "../run/charts";
import type { Column, Line } from "../run/drawing";
import { type Points, spliced } from "../run/feed";
import { alike, given, loss } from "../run/format";
import { smooth } from "../run/smooth";
import { listen } from "../run/view";
import type { Member } from "./runs";

type Range = { min: number; max: number };
type Curve = [number[], Column];

const LONGEST = 22; // letters of a name at the end of its line

export class ComparedChart {
  #axis: Axis = "step";
  #log = false;
  #smooth = true;
  #what = "both";
  #zoom: Range | null = null;
  #zoomed = new Map<string, Points>();
  #lines: [Line, Line][];
  #chart: Chart;

  constructor(private readonly runs: Member[]) {
    this.#lines = runs.map((run) => this.#look(run));
    this.#chart = new Chart({
      card: find("#chart-compare") as HTMLElement, height: 420, gutter: 190, format: loss, ticks: alike,
      lines: this.#lines.flat(), onZoom: (range) => void this.zoom(range),
    });
    this.#listen();
  }

  get width(): number {
    return Math.max(300, this.#chart.width);
  }

  /** A run's training curve is thin, its validation has dots and its name. */
  #look(run: Member): [Line, Line] {
    const look = { label: "", color: run.color, ...(run.dash ? { dash: run.dash } : {}) };
    return [{ ...look, width: 1.5, alpha: 0.6 }, { ...look, width: 2, dots: true, ends: true }];
  }

  /** As the curves are called now: a run may be deleted while one looks at it. */
  #name(): void {
    this.runs.forEach(({ name, deleted }, i) => {
      const short = name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name;
      const [training, valid] = this.#lines[i] as [Line, Line];
      valid.label = deleted ? `${short} (deleted)` : short;
      training.label = `${valid.label}, training`;
    });
  }

  #listen(): void {
    const redraw = (): void => this.draw();
    listen({
      axis: (axis) => ((this.#axis = axis), void this.zoom(null)),
      log: (on) => ((this.#log = on), redraw()),
      smooth: (on) => ((this.#smooth = on), redraw()),
      reset: () => void this.zoom(null),
    });
    const drawn = find<HTMLSelectElement>("#drawn") as HTMLSelectElement;
    drawn.addEventListener("change", () => ((this.#what = drawn.value), redraw()));
  }

  /** Shows a part, on the axis that is drawn now, and asks for the finer points of each run in it. */
  async zoom(range: Range | null): Promise<void> {
    this.#zoom = range && { min: Math.max(0, range.min), max: range.max };
    this.#zoomed.clear();
    (find("#zoom-reset") as HTMLElement).hidden = range === null;
    this.draw();
    const asked = this.#zoom;
    if (asked === null) return;
    await Promise.allSettled(this.runs.map(async (run) => {
      const scale = this.#scale(run);
      const [start, end] = [Math.floor(scale.toStep(asked.min)), Math.ceil(scale.toStep(asked.max))];
      const points = await run.follower.points({ min: Math.max(0, start), max: end }, this.width);
      if (this.#zoom === asked) this.#zoomed.set(run.id, points);
    }));
    if (this.#zoom === asked) this.draw();
  }

  #scale(run: Member): Pick<Scale, "fromStep" | "toStep"> {
    if (this.#axis === "step") return { fromStep: (step) => step, toStep: (value) => value };
    return new Scale(run.feed.points, this.#axis);
  }

  #curves(run: Member): [Curve, Curve] {
    const scale = this.#scale(run);
    const zoomed = this.#zoomed.get(run.id);
    const known = zoomed && this.#zoom ? spliced(zoomed, run.feed.points, scale.toStep(this.#zoom.max)) : run.feed.points;
    const [xs, points] = ascending(known, this.#axis, scale.fromStep);
    const span = (points.step.at(-1) ?? 1) - (points.step[0] ?? 0);
    const training = this.#smooth ? smooth(points.step, points.loss, span) : points.loss;
    const valid = run.feed.evaluations("valid").filter((each, i, list) => each.step !== list[i + 1]?.step);
    return [
      this.#what === "valid" ? [[], []] : [xs, training],
      this.#what === "train" ? [[], []] : [valid.map(({ step }) => scale.fromStep(step)), valid.map(({ loss: value }) => value)],
    ];
  }

  draw(): void {
    this.#name();
    const curves = this.runs.map((run) => this.#curves(run));
    const range = this.#zoom ?? { min: 0, max: Math.max(...this.runs.map((run) => ends(run.feed, run.steps)[this.#axis])) };
    const inside = curves.flat().flatMap(([xs, values]) =>
      values.filter((value, i): value is number => given(value) && (xs[i] as number) >= range.min && (xs[i] as number) <= range.max));
    const top = Math.max(...this.runs.map((run) => ceiling(run.feed.points.loss, [])), 0) || Infinity;
    const seen = inside.map((value) => Math.min(value, top));
    this.#chart.draw({
      tables: curves.flat() as [number[], Column][], levels: [], range, axis: AXES[this.#axis], log: this.#log, now: null,
      extent: this.#log ? logExtent(seen, [], 1.04) : lossExtent(seen, []),
    });
  }
}
