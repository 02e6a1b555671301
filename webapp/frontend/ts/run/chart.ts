/**
 * One chart over the course of a run, on uPlot: lines labelled at their ends, levels to read them against, a crosshair
 * that all charts of the page share, a drag that zooms, keys that do the same, and a table behind it.
 */
import uPlot from "uplot";
import { find } from "../dom";
import { type Column, type Drawing, type Line, edge, isEmpty, joined, lastBefore, lastGiven, logSplits } from "./drawing";
import { given } from "./format";
import { type Label, spread } from "./labels";
import { type Palette, palette } from "./palette";
import { table } from "./table";

export interface ChartOptions {
  card: HTMLElement;
  height: number;
  lines: Line[];
  format: (value: number) => string;
  /** The figures on the y axis, where they are not each in `format`. */
  ticks?: (values: number[]) => string[];
  /** Room on the right for labels of levels, on a wide page. */
  gutter?: number;
  onZoom: (range: { min: number; max: number } | null) => void;
}

const SYNC = uPlot.sync("run");
const NARROW = 480;
const EDGE = 20; // room for half a figure at the right end of the axis
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800];

const WHOLE = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((stride) => stride * 10 ** power)).flat(); // no half steps

export class Chart {
  #options: ChartOptions;
  #host: HTMLElement;
  #readout: HTMLElement;
  #caption: string;
  #plot: uPlot | null = null;
  #drawing: Drawing | null = null;
  #colors: Palette = palette();

  constructor(options: ChartOptions) {
    this.#options = options;
    this.#host = find("[data-plot]", options.card) as HTMLElement;
    this.#readout = find("[data-readout]", options.card) as HTMLElement;
    this.#caption = this.#readout.textContent ?? "";
    this.#host.style.height = `${options.height}px`;
    new ResizeObserver(() => this.#resize()).observe(this.#host);
    document.addEventListener("themechange", () => {
      this.#colors = palette();
      this.#rebuild();
    });
    this.#host.addEventListener("keydown", (event) => this.#key(event));
    this.#host.addEventListener("blur", () => this.#plot?.setCursor({ left: -10, top: -10 }));
    find<HTMLDetailsElement>("details", options.card)?.addEventListener("toggle", () => this.#fillTable());
  }

  get width(): number {
    return this.#host.clientWidth;
  }

  draw(drawing: Drawing): void {
    const before = this.#drawing;
    this.#drawing = drawing;
    if (this.#plot === null || before?.log !== drawing.log || before.axis.name !== drawing.axis.name) this.#rebuild();
    else this.#plot.setData(joined(drawing));
    this.#host.classList.toggle("nothing", this.#blank);
    this.#fillTable();
  }

  /** Nothing to draw, not even a level: then the upright axis has nothing to count. */
  get #blank(): boolean {
    return this.#drawing !== null && isEmpty(this.#drawing) && this.#drawing.levels.length === 0;
  }

  #rebuild(): void {
    this.#plot?.destroy();
    this.#plot = null;
    if (this.#drawing === null || this.width === 0) return;
    const plot = new uPlot(this.#uplotOptions(this.#drawing), joined(this.#drawing), this.#host);
    this.#plot = plot;
    followTouch(plot);
  }

  #resize(): void {
    if (this.#plot === null || narrow(this.#plot.width) !== narrow(this.width)) this.#rebuild();
    else this.#plot.setSize({ width: this.width, height: this.#options.height });
  }

  #uplotOptions(drawing: Drawing): uPlot.Options {
    const { lines, height, format } = this.#options;
    const colors = this.#colors;
    const font = `12px ${colors.font}`;
    const axis = { stroke: colors.get("ink-3"), font, ticks: { show: false }, border: { show: false } };
    return {
      width: this.width,
      height,
      padding: [10, () => this.#gutter(font), 0, 0],
      legend: { show: false },
      scales: {
        x: { time: false, range: () => [this.#drawing?.range.min ?? 0, this.#drawing?.range.max ?? 1] },
        y: { distr: drawing.log ? 3 : 1, range: () => [...(this.#drawing?.extent ?? [0, 1])] as [number, number] },
      },
      axes: [
        {
          ...axis, size: 26, gap: 6, space: narrow(this.width) ? 64 : 84, grid: { show: false },
          ...(drawing.axis.name === "time" ? { incrs: SECONDS } : drawing.axis.name === "step" ? { incrs: WHOLE } : {}),
          values: (_plot, splits) => this.#drawing?.axis.ticks(splits) ?? [],
        },
        {
          ...axis, gap: 6, size: (_plot, values) => widest(values, font) + 8, space: height < 200 ? 30 : 38,
          grid: { stroke: colors.get("line"), width: 1 },
          values: (_plot, splits) => (this.#blank ? splits.map(() => "") : (this.#options.ticks?.(splits) ?? splits.map((value) => format(value)))),
          ...(drawing.log ? { splits: () => this.#logSplits(), filter: (_plot, splits) => splits } : {}),
        },
      ],
      series: [{}, ...lines.map((line) => series(line, colors))],
      cursor: {
        y: false,
        points: { show: true, size: 7, width: 0, fill: (_plot, i) => this.#hoverColor(i) },
        drag: { x: true, y: false, setScale: false },
        sync: { key: SYNC.key, scales: ["x", null], filters: { pub: isMove } },
        bind: { dblclick: () => () => (this.#options.onZoom(null), null) },
      },
      hooks: {
        drawAxes: [(plot) => this.#drawLevels(plot)],
        draw: [(plot) => this.#drawLabels(plot)],
        setCursor: [(plot) => this.#say(plot)],
        setSelect: [(plot) => this.#select(plot)],
      },
    };
  }

  /** Room on the right: for the longest label of a level where labels stand beside the chart. */
  #gutter(font: string): number {
    const { gutter = 0 } = this.#options;
    if (gutter === 0 || narrow(this.width)) return EDGE;
    const labels = this.#drawing?.levels.map(({ label }) => label) ?? [];
    return Math.max(gutter, Math.min(widest(labels, font) + 14, this.width / 3));
  }

  #hoverColor(series: number): string {
    const line = this.#options.lines[series - 1];
    return this.#colors.get(line && !line.silent ? line.color : "card");
  }

  #logSplits(): number[] {
    return logSplits(...(this.#drawing?.extent ?? [1, 10]), this.#options.height / 36);
  }

  #select(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 6) return;
    const range = { min: plot.posToVal(left, "x"), max: plot.posToVal(left + width, "x") };
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#options.onZoom(range);
  }

  #drawLevels(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const drawing = this.#drawing as Drawing;
    const ratio = devicePixelRatio;
    const line = (color: string, dash: number[], from: [number, number], to: [number, number]): void => {
      ctx.save();
      ctx.beginPath();
      ctx.strokeStyle = this.#colors.get(color);
      ctx.lineWidth = ratio;
      ctx.setLineDash(dash.map((each) => each * ratio));
      ctx.moveTo(...from);
      ctx.lineTo(...to);
      ctx.stroke();
      ctx.restore();
    };
    for (const { value, color } of drawing.levels) {
      const y = Math.round(plot.valToPos(value, "y", true));
      if (y >= bbox.top && y <= bbox.top + bbox.height) line(color, [4, 4], [bbox.left, y], [bbox.left + bbox.width, y]);
    }
    if (drawing.now !== null && drawing.now < drawing.range.max) {
      const x = Math.round(plot.valToPos(drawing.now, "x", true));
      if (x > bbox.left) line("line-2", [], [x, bbox.top], [x, bbox.top + bbox.height]);
    }
  }

  /** Labels in CSS pixels, pushed apart where they would touch; each with a halo, so that lines may pass beneath. */
  #drawLabels(plot: uPlot): void {
    const ratio = devicePixelRatio;
    const { ctx } = plot;
    const [left, top] = [plot.bbox.left / ratio, topOf(plot)];
    const [width, height] = [plot.bbox.width / ratio, plot.bbox.height / ratio];
    ctx.save();
    ctx.scale(ratio, ratio);
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    ctx.lineJoin = "round";
    const labels = [...this.#levelLabels(plot, left + width), ...this.#endLabels(plot)];
    for (const label of labels) {
      ctx.font = `${label.weight} 12px ${this.#colors.font}`;
      label.width = ctx.measureText(label.text).width;
    }
    const longest = Math.max(0, ...labels.map((label) => (label.fixed ? 0 : label.width)));
    const roof = this.#roof(plot, plot.width - 2 - longest);
    for (const label of labels) if (!label.fixed) label.roof = roof;
    for (const label of spread(labels, { right: plot.width - 2, top: top + 6, bottom: top + height - 6 })) {
      ctx.font = `${label.weight} 12px ${this.#colors.font}`;
      ctx.strokeStyle = this.#colors.get("card");
      ctx.lineWidth = 4;
      ctx.strokeText(label.text, label.x, label.y);
      ctx.fillStyle = this.#colors.get(label.color);
      ctx.fillText(label.text, label.x, label.y);
    }
    ctx.restore();
  }

  #levelLabels(plot: uPlot, right: number): Label[] {
    const drawing = this.#drawing as Drawing;
    const beside = (this.#options.gutter ?? 0) > 0 && !narrow(this.width);
    return drawing.levels
      .filter(({ value }) => value >= drawing.extent[0] && value <= drawing.extent[1])
      .map(({ value, label, color }) => {
        const y = plot.valToPos(value, "y") + topOf(plot) + (beside ? 0 : -9);
        return { text: label, color, weight: 400, width: 0, x: beside ? right + 8 : Infinity, y, fixed: true };
      });
  }

  #endLabels(plot: uPlot): Label[] {
    const labels: Label[] = [];
    const { range } = this.#drawing as Drawing;
    const xs = plot.data[0] as number[];
    this.#options.lines.forEach((line, i) => {
      const values = plot.data[i + 1] as Column;
      const at = line.ends ? lastGiven(xs, values, range.max) : null;
      if (at === null) return;
      const value = values[at] as number;
      const end = edge(xs, values, at, range.max);
      if (end.x < range.min) return;
      const x = plot.valToPos(end.x, "x") + plot.bbox.left / devicePixelRatio + 8;
      const y = plot.valToPos(end.y, "y") + topOf(plot);
      const text = `${line.label} ${this.#options.format(value)}`;
      labels.push({ text, color: line.color, weight: 600, width: 0, x, y, fixed: false });
    });
    return labels;
  }

  /** The upper edge of all lines right of `from`, in CSS pixels from the top. */
  #roof(plot: uPlot, from: number): number {
    const start = plot.posToVal(from - 8 - plot.bbox.left / devicePixelRatio, "x");
    const { max } = (this.#drawing as Drawing).range;
    const xs = plot.data[0] as number[];
    const seen = this.#options.lines.flatMap((line, i) => {
      const column = line.silent ? [] : (plot.data[i + 1] as Column);
      return column.filter((value, j): value is number => given(value) && (xs[j] as number) >= start && (xs[j] as number) <= max);
    });
    return seen.length ? plot.valToPos(Math.max(...seen), "y") + topOf(plot) : Infinity;
  }

  /** What the crosshair points at, in place of the caption: nothing moves. */
  #say(plot: uPlot): void {
    const text = this.#spoken(plot);
    this.#readout.textContent = text ?? this.#caption;
    this.#readout.classList.toggle("reading", text !== null);
    if (text !== null) this.#host.setAttribute("aria-valuetext", text);
  }

  #spoken(plot: uPlot): string | null {
    const { idx, left } = plot.cursor;
    if (idx === null || idx === undefined || (left ?? -1) < 0) return null;
    const { axis } = this.#drawing as Drawing;
    const x = plot.data[0][idx] as number;
    const values = this.#options.lines.flatMap((line, i) => {
      const value = line.silent ? null : lastBefore(plot.data[i + 1] as Column, idx);
      return value === null ? [] : [`${line.label} ${this.#options.format(value)}`];
    });
    this.#host.setAttribute("aria-valuenow", String(Math.round(x)));
    return [`${axis.name} ${axis.format(x)}`, ...values].join(" · ");
  }

  #key(event: KeyboardEvent): void {
    const plot = this.#plot;
    if (plot === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const xs = plot.data[0];
    const { min = 0, max = 1 } = plot.scales.x as { min?: number; max?: number };
    const here = plot.cursor.idx ?? xs.length - 1;
    const stride = event.shiftKey ? Math.ceil(xs.length / 20) : 1;
    const goTo = (i: number): void => this.#pointAt(plot, Math.min(xs.length - 1, Math.max(0, i)));
    const center = xs[here] ?? (min + max) / 2;
    const quarter = (max - min) / 4;
    const actions: Record<string, () => void> = {
      ArrowLeft: () => goTo(here - stride),
      ArrowRight: () => goTo(here + stride),
      Home: () => goTo(0),
      End: () => goTo(xs.length - 1),
      "+": () => this.#options.onZoom({ min: Math.max(min, center - quarter), max: Math.min(max, center + quarter) }),
      "-": () => this.#options.onZoom(null),
      Escape: () => this.#options.onZoom(null),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }

  #pointAt(plot: uPlot, i: number): void {
    const left = plot.valToPos(plot.data[0][i] ?? 0, "x");
    // The third argument publishes to the other charts; the types leave it out.
    (plot.setCursor as (at: object, fire: boolean, publish: boolean) => void)({ left, top: 10 }, true, true);
  }

  #fillTable(): void {
    const details = find<HTMLDetailsElement>("details", this.#options.card);
    const drawing = this.#drawing;
    if (!details?.open || drawing === null) return;
    const place = find("[data-table]", details);
    place?.replaceChildren(table(drawing, this.#options.lines, this.#options.format));
  }
}

function series(line: Line, colors: Palette): uPlot.Series {
  const stroke = colors.get(line.color);
  return {
    stroke,
    width: line.width,
    alpha: line.alpha ?? 1,
    ...(line.dash ? { dash: line.dash } : {}),
    points: line.dots ? { show: true, size: 7, width: 2, stroke, fill: colors.get("card") } : { show: false },
  };
}

function isMove(type: string): boolean {
  return type === "mousemove" || type === "mouseleave";
}

function narrow(width: number): boolean {
  return width < NARROW;
}

function topOf(plot: uPlot): number {
  return plot.bbox.top / devicePixelRatio;
}

const pen = document.createElement("canvas").getContext("2d");

function widest(values: string[] | null, font: string): number {
  if (!pen || !values) return 0;
  pen.font = font;
  return Math.ceil(Math.max(0, ...values.map((value) => pen.measureText(value ?? "").width)));
}

/** A finger that moves sideways does what a mouse does; up and down still scrolls the page (touch-action: pan-y). */
function followTouch(plot: uPlot): void {
  const relay = (type: string) => (event: PointerEvent) => {
    if (event.pointerType !== "touch") return;
    const { clientX, clientY } = event;
    const target = type === "mousedown" || type === "mousemove" ? plot.over : document;
    target.dispatchEvent(new MouseEvent(type, { clientX, clientY, button: 0, bubbles: true }));
  };
  plot.over.addEventListener("pointerdown", relay("mousedown"));
  plot.over.addEventListener("pointermove", relay("mousemove"));
  plot.over.addEventListener("pointerup", relay("mouseup"));
  plot.over.addEventListener("pointercancel", relay("mouseup"));
}

