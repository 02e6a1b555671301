/** The four charts of a run: what they share (axis, zoom, crosshair) and what each draws. */
import { find, h } from "../dom";
import { compact } from "../units";
import { AXES, type Axis, Scale, ends } from "./axis";
import type { Boot } from "./boot";
import { Chart } from "./chart";
import type { Column, Drawing, Level } from "./drawing";
import { COLUMNS, type Evaluation, type Feed, type Points, emptyPoints, spliced } from "./feed";
import { alike, fine, given, loss, percents, short, thousands } from "./format";
import { future } from "./schedule";
import { hardest, measured, metricOf, written } from "./metrics";
import { smooth } from "./smooth";
import { listen } from "./view";
import { baselineName } from "./words";

/** Steps from … to. */
export interface Zoom {
  min: number;
  max: number;
}

type Fetch = (zoom: Zoom, width: number) => Promise<Points>;

const FAINT = 0.32;
const FULL = 1.004; // of a share: the top of the axis where all is right, with room for the line's own width
const FLAT = 0.02; // of a share: air around a line that does not move

export class Charts {
  #boot: Boot;
  #feed: Feed;
  #fetch: Fetch;
  #axis: Axis = "step";
  #log = false;
  #smooth = true;
  #zoom: Zoom | null = null;
  #zoomed: Points | null = null;
  #loss: Chart;
  #norm: Chart;
  #rate: Chart;
  #speed: Chart;
  /** Of the metrics beside the loss; a language model's page has none. */
  #metric: Chart | null = null;
  #chosen = find<HTMLSelectElement>("#metric-name");

  constructor(boot: Boot, feed: Feed, fetchPoints: Fetch) {
    [this.#boot, this.#feed, this.#fetch] = [boot, feed, fetchPoints];
    const onZoom = (range: Zoom | null): void => void this.zoom(range);
    const card = (id: string): HTMLElement => find(`#chart-${id}`) as HTMLElement;
    const small = { height: 148, onZoom };
    this.#loss = new Chart({
      card: card("loss"), height: 384, gutter: 108, onZoom, format: loss, ticks: alike,
      lines: [
        { label: "each", color: "s1", width: 1, alpha: FAINT, silent: true },
        { label: "training", color: "s1", width: 2, ends: true },
        { label: "validation", color: "s2", width: 2, dots: true, ends: true },
        { label: "test", color: "s4", width: 0, dots: true, ends: true },
      ],
    });
    this.#norm = new Chart({
      ...small, card: card("norm"), format: short,
      lines: [{ label: "each", color: "s3", width: 1, alpha: FAINT, silent: true }, { label: "norm", color: "s3", width: 1.5 }],
    });
    this.#rate = new Chart({
      ...small, card: card("rate"), format: short, ticks: fine,
      lines: [{ label: "rate", color: "s2", width: 2 }, { label: "planned", color: "ink-3", width: 1.5, dash: [3, 4] }],
    });
    this.#speed = new Chart({
      ...small, card: card("speed"), format: (value) => (value < 100_000 ? short(value) : compact(value)), ticks: thousands,
      lines: [{ label: `${boot.unit}s/s`, color: "s1", width: 1.25 }],
    });
    if (this.#chosen) {
      this.#metric = new Chart({
        card: card("metric"), height: 190, gutter: 124, onZoom,
        format: (value) => written(metricOf(boot, this.#name), value),
        ticks: (values) => (metricOf(boot, this.#name).format === "share" ? percents(values) : values.map(short)),
        lines: [
          { label: "validation", color: "s2", width: 2, dots: true, ends: true },
          { label: "test", color: "s4", width: 0, dots: true, ends: true },
        ],
      });
    }
    this.#listen();
  }

  /** The metric that is drawn. */
  get #name(): string {
    return this.#chosen?.value || this.#boot.headline;
  }

  #listen(): void {
    const redraw = (): void => this.draw();
    this.#chosen?.addEventListener("change", redraw);
    listen({
      axis: (axis) => ((this.#axis = axis), redraw()),
      log: (on) => ((this.#log = on), redraw()),
      smooth: (on) => ((this.#smooth = on), redraw()),
      reset: () => void this.zoom(null),
    });
  }

  /** Shows a part of the run, on whatever axis the charts have now, and asks the server for all it knows of it. */
  async zoom(range: Zoom | null): Promise<void> {
    const scale = this.#scale();
    this.#zoom = range && { min: Math.max(0, scale.toStep(range.min)), max: scale.toStep(range.max) };
    this.#zoomed = null;
    (find("#zoom-reset") as HTMLElement).hidden = range === null;
    this.draw();
    const asked = this.#zoom;
    if (asked === null) return;
    const points = await this.#fetch({ min: Math.floor(asked.min), max: Math.ceil(asked.max) }, this.#loss.width);
    if (this.#zoom !== asked) return; // somebody zoomed again meanwhile
    this.#zoomed = points;
    this.draw();
  }

  /** How many points across the charts can tell apart. */
  get width(): number {
    return Math.max(300, this.#loss.width);
  }

  #scale(): Pick<Scale, "fromStep" | "toStep"> {
    if (this.#axis === "step") return { fromStep: (step) => step, toStep: (value) => value };
    return new Scale(this.#feed.points, this.#axis);
  }

  /** The points in sight: the finer ones of a zoom, and whatever came since they were asked for. */
  #points(): Points {
    const { points } = this.#feed;
    return this.#zoomed && this.#zoom ? spliced(this.#zoomed, points, this.#zoom.max) : points;
  }

  draw(): void {
    const feed = this.#feed;
    const scale = this.#scale();
    const [xs, points] = ascending(this.#points(), this.#axis, scale.fromStep);
    const end = ends(feed, this.#boot.steps);
    const range = this.#zoom
      ? { min: scale.fromStep(this.#zoom.min), max: scale.fromStep(this.#zoom.max) }
      : { min: 0, max: end[this.#axis] };
    const shared = {
      axis: AXES[this.#axis], range, log: false, levels: [] as Level[],
      now: feed.ended || this.#zoom ? null : (xs.at(-1) ?? null),
    };
    const view = { xs, points, shared, scale, steps: this.#zoom ? this.#zoom.max - this.#zoom.min : end.step };
    this.#loss.draw(this.#drawLoss(view));
    this.#norm.draw(this.#drawNorm(view));
    this.#rate.draw(this.#drawRate(view));
    if (this.#metric) {
      this.#offerMetrics();
      this.#metric.draw(this.#drawMetric(view));
    }
    const speeds = points.tokens_per_second;
    this.#speed.draw({ ...shared, tables: [[xs, speeds]], extent: fromZero(inRange(view, speeds)) });
  }

  #drawLoss(view: View): Drawing {
    const { xs, points, scale } = view;
    const levels = this.#baseline();
    const top = ceiling(points.loss, levels);
    const kept = points.loss.map((value) => (given(value) ? Math.min(value, 2 * top) : value));
    const runAway = (value: number | null | undefined): boolean => given(value) && value > 2 * top;
    const smoothed = this.#smooth
      ? smooth(points.step, kept, view.steps).map((value, i) => (runAway(points.loss[i]) ? (points.loss[i] ?? null) : value))
      : points.loss;
    const raw = this.#smooth ? points.loss : points.loss.map(() => null);
    const [validX, valid] = this.#evaluated("valid", scale, ({ loss: value }) => value);
    const [testX, test] = this.#evaluated("test", scale, ({ loss: value }) => value);
    const reached = this.#zoom ? [] : levels; // who zooms in wants to see the lines
    const lines: [number[], Column][] = [[xs, raw], [xs, smoothed], [validX, valid], [testX, test]];
    const visible = lines.flatMap(([x, y]) => inRange({ ...view, xs: x }, y)).map((value) => Math.min(value, top));
    return {
      ...view.shared, levels, log: this.#log,
      tables: [[xs, raw, smoothed], [validX, valid], [testX, test]],
      extent: this.#log ? logExtent(visible, reached, 1.04) : lossExtent(visible, reached),
    };
  }

  /** What evaluations of a split have, at their places on the axis; of two at one step the later. */
  #evaluated(split: string, scale: View["scale"], value: (each: Evaluation) => number | null | undefined): [number[], Column] {
    const facts = this.#feed.evaluations(split).filter((each, i, list) => each.step !== list[i + 1]?.step);
    return [facts.map((each) => scale.fromStep(each.step)), facts.map((each) => value(each) ?? null)];
  }

  /** The strongest baseline, of a task but language models the next one too, and the best that can be where it is known. */
  #baseline(): Level[] {
    const many = this.#boot.task === "language_model" ? 1 : 2;
    const lines = this.#feed.baselines.filter(({ loss: value }) => given(value)).slice(0, many).map(({ name, loss: value }) => ({
      value: value as number, label: `${baselineName(name, this.#boot.unit)} ${(value as number).toFixed(2)}`, color: "ink-3",
    }));
    const best = this.#boot.optimum?.loss;
    return given(best) ? [...lines, { value: best, label: `best possible ${short(best)}`, color: "good" }] : lines;
  }

  #offerMetrics(): void {
    const select = this.#chosen as HTMLSelectElement;
    const names = measured(this.#feed, this.#boot.headline);
    if (names.length === 0 || [...select.options].map(({ value }) => value).join() === names.join()) return;
    const before = select.value;
    select.replaceChildren(...names.map((name) => h("option", { value: name }, metricOf(this.#boot, name).label)));
    select.value = names.includes(before) ? before : (names[0] as string);
  }

  #drawMetric(view: View): Drawing {
    const name = this.#name;
    const metric = metricOf(this.#boot, name);
    const [validX, valid] = this.#evaluated("valid", view.scale, ({ metrics }) => metrics[name]);
    const [testX, test] = this.#evaluated("test", view.scale, ({ metrics }) => metrics[name]);
    (find("#metric-title") as HTMLElement).textContent = metric.label;
    const beaten = hardest(this.#feed, name, metric);
    const best = this.#boot.optimum?.metrics[name];
    const levels: Level[] = [];
    if (beaten) levels.push({ value: beaten.value, label: `${baselineName(beaten.baseline.name, this.#boot.unit)} ${written(metric, beaten.value)}`, color: "ink-3" });
    if (given(best)) levels.push({ value: best, label: `best possible ${written(metric, best)}`, color: "good" });
    const seen = [...valid, ...test].filter(given);
    const wanted = [...seen, ...levels.map(({ value }) => value)];
    const [low, high] = wanted.length ? [Math.min(...wanted), Math.max(...wanted)] : [0, 1];
    const share = metric.format === "share";
    const air = Math.max((high - low) * 0.08, 0.01 * Math.abs(high), share ? FLAT : 1e-6);
    const top = share && high <= 1 ? Math.min(FULL, high + air) : high + air;
    return { ...view.shared, levels, tables: [[validX, valid], [testX, test]], extent: [low - air < 0 && low >= 0 ? 0 : low - air, top] };
  }

  #drawNorm(view: View): Drawing {
    const clip = this.#boot.recipe.training.clip_norm;
    const levels: Level[] = clip > 0 ? [{ value: clip, label: `clip at ${clip}`, color: "bad" }] : [];
    const norms = view.points.grad_norm.map((norm) => (given(norm) && norm > 0 ? norm : null));
    const smoothed = this.#smooth ? smooth(view.points.step, norms, view.steps) : norms;
    const raw = this.#smooth ? norms : norms.map(() => null);
    const extent = logExtent(inRange(view, norms), levels, 1.5);
    return { ...view.shared, levels, log: true, tables: [[view.xs, raw, smoothed]], extent };
  }

  /** The rate is planned: it is drawn as far as the plan reaches, also while the others show less. */
  #drawRate(view: View): Drawing {
    const { points, scale, xs } = view;
    const planned = this.#feed.ended ? 0 : (this.#boot.steps ?? 0);
    const end = Math.max(planned, ends(this.#feed, this.#boot.steps).step);
    const range = this.#zoom ? view.shared.range : { min: 0, max: Math.max(scale.fromStep(end), view.shared.range.max) };
    const { training } = this.#boot.recipe;
    const last = points.step.at(-1) ?? 0;
    const [steps, rates] = this.#feed.ended ? [[], []] : future(training, last, points.learning_rate.at(-1) ?? null, end);
    return {
      ...view.shared, range,
      tables: [[xs, points.learning_rate], [steps.map(scale.fromStep), rates]],
      extent: fromZero([training.learning_rate, ...points.learning_rate.filter(given)]),
    };
  }
}

interface View {
  xs: number[];
  points: Points;
  shared: Omit<Drawing, "tables" | "extent">;
  scale: Pick<Scale, "fromStep">;
  /** Width of the drawn range in steps. */
  steps: number;
}

/** The points with their places on the axis, without those that would go back on it. */
export function ascending(points: Points, axis: Axis, fromStep: (step: number) => number): [number[], Points] {
  if (axis === "step") return [points.step, points];
  const xs: number[] = [];
  const kept = emptyPoints();
  points.step.forEach((step, i) => {
    const x = points[axis][i] ?? fromStep(step);
    if (x <= (xs.at(-1) ?? -1)) return;
    xs.push(x);
    for (const column of COLUMNS) kept[column].push(points[column][i] as number);
  });
  return [xs, kept];
}

function inRange(view: { xs: number[]; shared: Pick<Drawing, "range"> }, values: Column): number[] {
  const { min, max } = view.shared.range;
  const inside = (i: number): boolean => (view.xs[i] as number) >= min && (view.xs[i] as number) <= max;
  return values.filter((value, i): value is number => given(value) && inside(i));
}

/**
 * Above what a loss has run away: twice where it began, the levels and most of its values. Beyond
 * it a curve leaves the chart at the top, so that what came before can still be read.
 */
export function ceiling(values: Column, levels: Level[]): number {
  const known = values.filter(given);
  const most = [...known].sort((a, b) => a - b)[Math.floor(known.length * 0.6)] ?? 0;
  return 2 * Math.max(known[0] ?? 0, most, ...levels.map(({ value }) => value));
}

/** All in sight, with some air. */
export function lossExtent(values: number[], levels: Level[]): [number, number] {
  const wanted = [...values, ...levels.map(({ value }) => value)];
  if (wanted.length === 0) return [0, 5];
  const [low, high] = [Math.min(...wanted), Math.max(...wanted)];
  const air = Math.max((high - low) * 0.06, 0.02);
  return [Math.max(0, low - air), high + air];
}

export function logExtent(values: number[], levels: Level[], air: number): [number, number] {
  const wanted = [...values, ...levels.map(({ value }) => value)].filter((value) => value > 0);
  if (wanted.length === 0) return [0.1, 10];
  const [low, high] = [Math.min(...wanted) / air, Math.max(...wanted) * air];
  return high / low > 1.1 ? [low, high] : [low / 1.1, high * 1.1];
}

function fromZero(values: number[]): [number, number] {
  return [0, 1.08 * (Math.max(0, ...values) || 1)];
}
