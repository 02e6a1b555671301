/**
 * The drop zone. Files go up by tus in chunks; what is on its way stands as a row with speed, time left and pause.
 * A broken connection or a restarted server is waited out; after a reload, choosing the same file goes on where it was.
 */
import * as tus from "tus-js-client";
import { all, csrf, find, h } from "../dom";
import { bytes, duration } from "../units";

const ENDPOINT = "/api/v1/uploads";
const CHUNK = 8 * 1024 * 1024;
const RETRIES = [0, 500, 1000, 2000, 4000, ...Array<number>(60).fill(8000)]; // about eight minutes without an answer

const zone = find("#drop"); // none where the reader only looks on
const grown = zone?.dataset.dataset; // the dataset of which a file is to be a new version; none on the list
const dialog = zone?.closest("dialog");
const list = find("#uploads")!;
const news = find("#upload-news")!;
const running = new Set<Row>();
let begun = 0;

/** Bytes a second over the last few seconds. */
class Speed {
  private marks: [number, number][] = [];

  mark(sent: number): void {
    const now = performance.now();
    this.marks.push([now, sent]);
    while (this.marks.length > 2 && now - this.marks[0][0] > 6000) this.marks.shift();
  }

  get value(): number | null {
    const [first, last] = [this.marks[0], this.marks.at(-1)];
    return first && last && last[0] - first[0] > 400 ? ((last[1] - first[1]) / (last[0] - first[0])) * 1000 : null;
  }

  reset(): void {
    this.marks = [];
  }
}

class Row {
  private readonly bar: HTMLProgressElement;
  private readonly left = h("span");
  private readonly right = h("span");
  private readonly toggle: HTMLButtonElement;
  private readonly cancel: HTMLButtonElement;
  private readonly item: HTMLLIElement;
  private readonly upload: tus.Upload;
  private readonly speed = new Speed();
  private sent = 0;

  constructor(private readonly file: File) {
    this.bar = h("progress", { class: "bar", max: file.size || 1, value: 0, "aria-label": `Progress of ${file.name}` });
    this.toggle = h("button", { type: "button", class: "button small" }, "Pause");
    this.cancel = h("button", { type: "button", class: "button small" }, "Cancel");
    this.item = h("li", { class: "row upload" },
      h("div", { class: "grow" }, h("div", { class: "name cut" }, file.name), this.bar, h("div", { class: "under" }, this.left, this.right)),
      h("div", { class: "acts" }, this.toggle, this.cancel));
    this.toggle.addEventListener("click", () => (running.has(this) ? this.pause() : this.resume()));
    this.cancel.addEventListener("click", () => void this.abandon());
    list.hidden = false;
    list.prepend(this.item);
    this.upload = new tus.Upload(file, {
      endpoint: ENDPOINT,
      chunkSize: CHUNK,
      retryDelays: RETRIES,
      removeFingerprintOnSuccess: true,
      headers: { "X-CSRFToken": csrf() },
      metadata: metadata(file),
      // A file that was on its way to one place does not go on at another.
      fingerprint: async () => ["unroll", file.name, file.size, file.lastModified, zone?.dataset.team, grown].join("·"),
      onShouldRetry: (error) => this.shallRetry(error as tus.DetailedError),
      onProgress: (sent) => this.progress(sent),
      onSuccess: () => void this.done(),
      onError: (error) => this.failed(error),
    });
  }

  /** Begins, or goes on with what an earlier visit sent of the same file. */
  async begin(): Promise<void> {
    const limit = Number(zone?.dataset.maxBytes);
    if (this.file.size > limit) return this.refused(`The file has ${bytes(this.file.size)}; at most ${bytes(limit)} are taken.`);
    if (this.file.size === 0) return this.refused("The file is empty.");
    const [previous] = await this.upload.findPreviousUploads();
    if (previous) {
      this.upload.resumeFromPreviousUpload(previous);
      const id = (previous as { uploadUrl?: string }).uploadUrl?.split("/").pop();
      all("li[data-upload]", list).find((row) => row.dataset.upload === id)?.remove();
    }
    this.resume();
  }

  private resume(): void {
    running.add(this);
    this.speed.reset();
    this.say("Sending", "");
    this.toggle.textContent = "Pause";
    this.bar.classList.remove("paused");
    this.upload.start();
  }

  private pause(): void {
    running.delete(this);
    void this.upload.abort();
    this.toggle.textContent = "Go on";
    this.bar.classList.add("paused");
    this.say(`Paused at ${bytes(this.sent)} of ${bytes(this.file.size)}`, "");
    announce(`${this.file.name} is paused.`);
  }

  private async abandon(): Promise<void> {
    running.delete(this);
    await this.upload.abort(true).catch(() => undefined); // gone already, or the server will expire it
    this.remove();
    announce(`${this.file.name} is cancelled.`);
  }

  private remove(): void {
    this.item.remove();
    list.hidden = list.children.length === 0;
  }

  private shallRetry(error: tus.DetailedError): boolean {
    const status = error.originalResponse?.getStatus() ?? 0;
    const again = status === 0 || status === 409 || status === 423 || status === 429 || (status >= 500 && status !== 507);
    if (again) {
      this.speed.reset();
      this.say(status === 423 ? "Another window is sending this file. Waiting for it." : "The server does not answer. Trying again.", "");
    }
    return again && running.has(this);
  }

  private progress(sent: number): void {
    if (!running.has(this)) return;
    this.sent = sent;
    this.bar.value = sent;
    this.speed.mark(sent);
    const speed = this.speed.value;
    const share = Math.floor((100 * sent) / this.file.size);
    this.say(
      `${share}\u00a0% · ${bytes(sent)} of ${bytes(this.file.size)}`,
      speed ? `${bytes(speed)}/s · ${duration((this.file.size - sent) / speed)} left` : "",
    );
  }

  private async done(): Promise<void> {
    running.delete(this);
    this.say("All here.", "");
    const response = await fetch(this.upload.url!, { headers: { Accept: "application/json" } });
    const { dataset_id: dataset } = (await response.json()) as { dataset_id: string | null };
    announce(`${this.file.name} is uploaded.`);
    if (!dataset) return this.refused("The file arrived, and the studio made no dataset of it. Try it once more.");
    if (begun === 1) return location.assign(`/datasets/${dataset}/`);
    this.remove();
    await showRow(dataset);
  }

  private failed(error: Error): void {
    const response = (error as tus.DetailedError).originalResponse;
    const said = response ? reason(response.getBody()) : "";
    if (response && response.getStatus() < 500) return this.refused(said || `The server refused it (${response.getStatus()}).`);
    if (said) return this.refused(said);
    running.delete(this);
    this.toggle.textContent = "Try again";
    this.bar.classList.add("paused");
    this.say("The server has not answered for minutes.", "What was sent is kept.");
  }

  private refused(message: string): void {
    running.delete(this);
    this.bar.remove();
    this.toggle.remove();
    this.cancel.textContent = "Dismiss";
    this.left.className = "bad";
    this.say(message, "");
    announce(`${this.file.name}: ${message}`);
  }

  private say(left: string, right: string): void {
    if (this.left.textContent !== left) this.left.textContent = left;
    if (this.right.textContent !== right) this.right.textContent = right;
  }
}

/** What the server is told of a file: a new dataset of the team, or a new version of the dataset that the page shows. */
function metadata(file: File): Record<string, string> {
  const about = { filename: file.name, filetype: file.type };
  return grown ? { ...about, dataset_id: grown } : { ...about, team_id: zone?.dataset.team ?? "" };
}

/** What the server says is wrong: problem+json, or plain text. */
function reason(body: string): string {
  try {
    const problem = JSON.parse(body) as { detail?: string; title?: string };
    return problem.detail ?? problem.title ?? "";
  } catch {
    return body.length < 300 && !body.trimStart().startsWith("<") ? body.trim() : "";
  }
}

function announce(text: string): void {
  news.textContent = text;
}

/** The finished upload as a row of the list, where this page has one. */
async function showRow(dataset: string): Promise<void> {
  const rows = find("#datasets");
  if (!rows) return;
  rows.hidden = false;
  await window.htmx.ajax("get", `/datasets/${dataset}/row/`, { target: "#datasets", swap: "afterbegin" });
}

function take(files: Iterable<File>): void {
  for (const file of grown ? [...files].slice(0, 1) : files) {
    begun += 1;
    void new Row(file).begin();
  }
}

const input = find<HTMLInputElement>("#files");
input?.addEventListener("change", () => {
  take(input.files ?? []);
  input.value = ""; // the same file may be chosen again
});

// The whole window takes files, so that a near miss does not open the file in place of the page.
let depth = 0;
const over = (on: boolean): void => void zone?.classList.toggle("over", on);
addEventListener("dragenter", () => {
  over(++depth > 0);
  if (dialog && !dialog.open) dialog.showModal(); // where it will go is said before it is let go
});
addEventListener("dragleave", () => over(--depth > 0));
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  depth = 0;
  over(false);
  if (zone) take(event.dataTransfer?.files ?? []);
});
addEventListener("beforeunload", (event) => {
  if (running.size > 0) event.preventDefault(); // nothing is lost, but the sending would stop
});
