/** Asks a model for answers. What is refused is told in words, by field where a field is to blame. */
import { csrf } from "../dom";
import { WriteError, refusal } from "../playground/writer";

export type Output = Record<string, unknown>;

/** One output an input, in order. Raises WriteError; an AbortError when `signal` says stop. */
export async function predict(url: string, body: { inputs: unknown[] } & Output, signal: AbortSignal): Promise<Output[]> {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrf() };
  let response: Response;
  try {
    response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new WriteError("The server does not answer. Try again in a moment.");
  }
  if (!response.ok) throw await refusal(response);
  return ((await response.json()) as { outputs: Output[] }).outputs;
}
