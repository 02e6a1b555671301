/** What a person types or drops, as inputs that a model takes. Pure. */
import type { Asked } from "./task";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Words and signs, apart. */
export function words(text: string): string[] {
  return text.match(/[\p{L}\p{M}\p{N}]+(?:['’.-][\p{L}\p{M}\p{N}]+)*|[^\s]/gu) ?? [];
}

/** The beginning of what somebody typed, to be named in a sentence. */
const begun = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

/** Numbers between white space, commas or semicolons. Throws what to tell the reader. */
export function numbers(text: string): number[] {
  return text.split(/[\s,;]+/).filter(Boolean).map((part) => {
    if (!NUMBER.test(part)) throw new Error(`“${begun(part)}” is no number. Type numbers with spaces or commas between them, like 0.5 1 -2.`);
    return Number(part);
  });
}

/** The rows of a file with a delimiter, quotes and all. */
export function rows(text: string, delimiter: string): string[][] {
  const found: string[][] = [];
  let [row, cell, quoted] = [[] as string[], "", false];
  const end = (): void => {
    row.push(cell);
    if (row.length > 1 || row[0] !== "") found.push(row);
    [row, cell] = [[], ""];
  };
  for (let i = 0; i < text.length; i++) {
    const sign = text[i] as string;
    if (quoted && sign === '"' && text[i + 1] === '"') cell += text[++i];
    else if (sign === '"' && (quoted || cell === "")) quoted = !quoted;
    else if (quoted) cell += sign;
    else if (sign === delimiter) [row, cell] = [[...row, cell], ""];
    else if (sign === "\n") end();
    else if (sign !== "\r") cell += sign;
  }
  end();
  return found;
}

/** The columns of a table whose first row names them, those of `wanted` alone. Throws what to tell the reader. */
function table(text: string, wanted: string[]): Record<string, string>[] {
  const first = text.slice(0, text.indexOf("\n") + 1 || undefined);
  const [head = [], ...body] = rows(text, first.includes("\t") ? "\t" : first.includes(";") && !first.includes(",") ? ";" : ",");
  const kept = head.map((name) => name.trim()).flatMap((name, i) => (wanted.includes(name) ? [[name, i] as const] : []));
  if (kept.length === 0) {
    throw new Error(`The first line names “${begun(head.join(", "))}”, and the model reads ${wanted.join(", ")}: name the columns so.`);
  }
  return body.map((row) => Object.fromEntries(kept.map(([name, i]) => [name, row[i] ?? ""])));
}

const cellOf = (text: string): unknown => (NUMBER.test(text.trim()) ? Number(text) : text);

/** A series: numbers alone, or a table with a header. Throws what to tell the reader. */
export function series(text: string, columns: string[]): unknown {
  if (!/[\p{L}]{2,}/u.test(text.split("\n", 1)[0] ?? "")) {
    const values = numbers(text);
    if (values.length === 0) throw new Error("Type the newest values, with spaces between them and the newest last.");
    return values;
  }
  const found = table(text, columns);
  const names = Object.keys(found[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, found.map((row) => (row[name] === "" ? null : cellOf(row[name] as string)))]));
}

/** What stands in the field, as one input. Throws what to tell the reader. */
export function typed(text: string, { input }: Asked): unknown {
  if (text.trim() === "") throw new Error("There is nothing to answer yet. Type an input, or choose a file.");
  if (input.kind === "series") return series(text, input.columns);
  if (input.kind === "tokens") return words(text);
  if (input.kind === "numbers") return numbers(text);
  if (input.kind !== "record") return text;
  const lines = text.trim().split("\n");
  if (lines.length !== input.columns.length) {
    throw new Error(`Type one line of numbers for each of ${input.columns.join(", ")}: ${input.columns.length} lines, not ${lines.length}.`);
  }
  return Object.fromEntries(lines.map((line, i) => [input.columns[i], numbers(line.replace(/^[^:]*:/, ""))]));
}

/** The records of a small file: JSON lines, a table whose header names the columns, or one input a line. */
export function ofFile(name: string, text: string, asked: Asked): unknown[] {
  const ending = name.toLowerCase().split(".").at(-1) ?? "";
  if (/[\0\ufffd]/.test(text)) throw new Error(`${name} is no text in UTF-8. Choose a file of lines, a CSV or TSV table, or JSON lines.`);
  if (["jsonl", "ndjson"].includes(ending)) return text.split("\n").flatMap((line, i) => (line.trim() ? [json(line, i + 1, name)] : []));
  if (["csv", "tsv"].includes(ending)) {
    return table(text, asked.input.columns).map((row) => (Object.keys(row).length === 1 ? parsed(Object.values(row)[0] as string, asked) : row));
  }
  return text.split(/\r?\n/).filter((line) => line.trim()).map((line) => parsed(line, asked));
}

function json(line: string, number: number, name: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    throw new Error(`${name}, line ${number} is no JSON. Each line is one input: a text in quotes, a list, or an object by column name.`);
  }
}

function parsed(text: string, { input }: Asked): unknown {
  return input.kind === "numbers" ? numbers(text) : input.kind === "tokens" ? words(text) : text;
}

/** An input as it can be typed. */
export function asText(example: unknown): string {
  if (Array.isArray(example)) return example.map((part) => (typeof part === "number" ? String(Number(part.toPrecision(6))) : String(part))).join(" ");
  if (typeof example === "string") return example;
  if (example === null || typeof example !== "object") return example === null || example === undefined ? "" : String(example);
  return Object.entries(example).map(([name, value]) => `${name}: ${asText(value)}`).join("\n");
}
