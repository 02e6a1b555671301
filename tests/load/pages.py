"""How long big pages take to open in a real browser, from the navigation's start until rows or curve are drawn.

    .venv/bin/python -m tests.load.pages [--runs 10000] [--points 1000000] [--times 7] [--data DIR]

Fills a scratch folder (or takes one that :mod:`tests.load.fill` filled), starts a studio on it and opens the list of
runs, its second page, a search in it and the page of the long run. Prints a line of JSON and one of prose.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from supervisor.valkey import free_port
from tests.load.scratch import EMAIL, PASSWORD
from tests.studios import ROOT, Studio

# Looks once a frame whether what the page is for is there, and notes the frame in which it was painted.
WATCH = """
const wanted = WANTED;
const look = () => {
  if (!document.querySelector(wanted)) return requestAnimationFrame(look);
  requestAnimationFrame(() => setTimeout(() => { window.drawnAt = performance.now(); }));
};
requestAnimationFrame(look);
"""
ROWS, CURVE = "[data-run]", "#chart-loss canvas"


def pages(run: str) -> dict[str, tuple[str, str]]:
    """What is opened: name → (address, what has to be there)."""
    return {
        "runs": ("/runs/", ROWS),
        "runs, page 2": ("/runs/?page=2", ROWS),
        "runs, search": ("/runs/?q=tagger", ROWS),
        "long run": (f"/runs/{run}/", CURVE),
    }


def opened(page: Page, address: str) -> tuple[float, int]:
    """Milliseconds until it was drawn, and bytes of the history that came with it."""
    sizes = []
    page.on("response", lambda answer: sizes.append(len(answer.body())) if "/history?" in answer.url else None)
    page.goto(address)
    while (drawn := page.evaluate("window.drawnAt ?? null")) is None:
        page.wait_for_timeout(20)
    return drawn, sum(sizes)


def measure(studio: Studio, run: str, times: int) -> dict[str, dict[str, float]]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or sys.exit("this wants Chromium")
    arguments = ["--headless=new", "--no-sandbox", "--disable-gpu"]
    found = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        context = browser.new_context(
            base_url=f"http://127.0.0.1:{studio.port}", viewport={"width": 1440, "height": 900}
        )
        page = context.new_page()
        page.goto("/accounts/login/")
        page.get_by_label("Email").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"http://127.0.0.1:{studio.port}/")
        for name, (address, wanted) in pages(run).items():
            each = []
            for _ in range(times):
                page = context.new_page()
                page.add_init_script(WATCH.replace("WANTED", json.dumps(wanted)))
                each.append(opened(page, address))
                page.close()
            spent = [ms for ms, _ in each]
            found[name] = {"median_ms": round(statistics.median(spent)), "worst_ms": round(max(spent)),
                           "history_bytes": each[-1][1]}  # fmt: skip
        browser.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load.pages", description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--data", type=Path, help="is filled where it is not there yet, and kept")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = (given.data or Path(folder) / "data").resolve()
        note = data / "filled.json"
        if not note.exists():
            fill = [sys.executable, "-m", "tests.load.fill", "--data", str(data), "--runs", str(given.runs),
                    "--points", str(given.points)]  # fmt: skip
            said = subprocess.run(fill, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
            note.write_text(said.splitlines()[-1])
        with Studio(data, free_port()) as studio:
            studio.wait_until_ready()
            found = measure(studio, json.loads(note.read_text())["run"], given.times)
    print(json.dumps(found))
    print("; ".join(f"{name}: {one['median_ms']} ms (worst {one['worst_ms']})" for name, one in found.items()))


if __name__ == "__main__":
    main()
