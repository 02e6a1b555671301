/** What a page says of its line to the studio (templates/runs/_line.html). */
import { find } from "../dom";
import type { LinkState } from "../socket";
import { age } from "./format";

const OFFLINE = "Offline, trying again";

/** What is said in a state after what was said before: whoever is offline stays so through every try, and hears it once. */
export function told(state: LinkState, why: string, before: string, gone: string): string {
  if (state === "live") return "";
  if (state === "closed") return why === "gone" ? gone : "You are signed out: reload the page to sign in";
  return state === "offline" || before === OFFLINE ? OFFLINE : why && "Connecting again";
}

/** The state is announced, once; the age that counts up beside it is only shown. `gone`: what a final end means here. */
export function showLine(state: LinkState, why: string, heardAt: number, gone: string): void {
  (find("#run-link") as HTMLElement).dataset.state = state;
  const aged = state === "offline" || (state === "connecting" && why);
  write("#run-link-state", told(state, why, find("#run-link-state")?.textContent ?? "", gone));
  write("#run-link-age", aged ? ` · data from ${age(Date.now() - heardAt)}` : "");
}

export function showUnread(what: string): void {
  write("#run-link-state", `${what} could not be read, trying again`);
}

function write(place: string, text: string): void {
  const element = find(place) as HTMLElement;
  if (element.textContent !== text) element.textContent = text;
}
