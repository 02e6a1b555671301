/** A series that goes on: one chart for each column that is forecast, each with its band. */
import { type Forecast, forecast } from "../draw/forecast";
import { h } from "../dom";
import type { Task } from "./task";

type Values = (number | null)[];
type Quantiles = Record<string, Values | Record<string, Values>>;

/** The forecast of each column, with what was given of it. */
function byColumn(output: Record<string, unknown>, input: unknown, columns: string[]): Forecast[] {
  const quantiles = output.quantiles as Quantiles;
  const first = Object.values(quantiles)[0] ?? [];
  const names = Array.isArray(first) ? [columns[0] ?? ""] : Object.keys(first);
  const ahead = (output.times ?? []) as string[];
  return names.map((name) => {
    const given = Array.isArray(input) ? input : ((input as Record<string, unknown[]>)[name] ?? []);
    const history = given.filter((value): value is number => typeof value === "number");
    const own = Object.entries(quantiles).map(([level, values]) => [level, Array.isArray(values) ? values : values[name] ?? []]);
    const times = ahead.length ? [...history.map(() => ""), ...ahead] : [];
    return { name, history, truth: [], times, quantiles: Object.fromEntries(own) as Record<string, Values> };
  });
}

export const forecasting: Task = {
  brief: (output) => JSON.stringify((output.quantiles as Quantiles)["0.5"]),
  draw: (output, input, { input: { columns } }) => {
    const charts = byColumn(output, input, columns);
    return charts.flatMap((one) => [...(charts.length > 1 ? [h("h3", { class: "part" }, one.name)] : []), forecast(one, { height: 260 })]);
  },
};
