/** What a reader asks of a model, as it stands in the request and in a link. Pure. */

export interface Settings {
  prompt: string;
  /** What it is written for, where the model asks; absent where it does not. */
  label?: string;
  length: number;
  temperature: number;
  top_k: number;
  top_p: number;
  seed: number;
  count: number;
}

export const NUMBERS = ["length", "temperature", "top_k", "top_p", "seed", "count"] as const;

/** The part of an address after #: everything that it takes to write the same text again. */
export function toFragment(settings: Settings): string {
  const fields = new URLSearchParams({ prompt: settings.prompt });
  if (settings.label !== undefined) fields.set("label", settings.label);
  for (const name of NUMBERS) fields.set(name, String(settings[name]));
  return fields.toString();
}

/** The inverse; null where the fragment is not one of ours. */
export function fromFragment(fragment: string): Settings | null {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const prompt = fields.get("prompt");
  const numbers = NUMBERS.map((name) => [name, Number(fields.get(name) || NaN)] as const);
  if (prompt === null || numbers.some(([, value]) => !Number.isFinite(value))) return null;
  const label = fields.get("label");
  return { prompt, ...(label === null ? {} : { label }), ...Object.fromEntries(numbers) } as Settings;
}

/** Any of two thousand million. */
export function newSeed(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] as number) >>> 1;
}
