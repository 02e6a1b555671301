"""Takes every page of a studio that has something to show: light and dark, at 1440 and at 390 px.

    ./studio screenshots [--out DIR] [--only TEXT]

Starts a studio on a scratch folder, fills it with generated data and with short trainings of several tasks, and writes
one PNG a page, scheme and width. Ends with 1, naming the pages, where one answered with an error, its script failed or
it is wider than the screen. What is a page stands in PAGES; a test compares it with all addresses.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Page, sync_playwright

from supervisor.valkey import free_port
from tests.load import scratch
from tests.studios import ROOT, Studio

WIDTHS = (1440, 390)
SCHEMES = ("light", "dark")
PATIENCE = 600  # seconds until all trainings have ended

# name → (its route, its address, who looks at it: owner, newcomer or nobody). The ids in an address come from `fill`.
PAGES: dict[str, tuple[str, str, str]] = {
    "login": ("account_login", "/accounts/login/", "nobody"),
    "signup": ("account_signup", "/accounts/signup/", "nobody"),
    "inactive": ("account_inactive", "/accounts/inactive/", "nobody"),
    "no-such-page": ("", "/no-such-page/", "nobody"),
    "join": ("teams:join", "{invitation}", "nobody"),
    "shared": ("shared:playground", "{share}", "nobody"),
    "home": ("home", "/", "owner"),
    "home-empty": ("home", "/", "newcomer"),
    "datasets": ("datasets:list", "/datasets/", "owner"),
    "datasets-empty": ("datasets:list", "/datasets/", "newcomer"),
    "paste": ("datasets:paste", "/datasets/paste/", "owner"),
    "paste-version": ("datasets:paste-version", "/datasets/{text}/paste/", "owner"),
    "synthetic": ("datasets:synthetic", "/datasets/synthetic/", "owner"),
    "dataset-text": ("datasets:detail", "/datasets/{text}/", "owner"),
    "dataset-table": ("datasets:detail", "/datasets/{table}/", "owner"),
    "dataset-series": ("datasets:detail", "/datasets/{series}/", "owner"),
    "dataset-broken": ("datasets:detail", "/datasets/{broken}/", "owner"),
    "runs": ("runs:list", "/runs/", "owner"),
    "runs-empty": ("runs:list", "/runs/", "newcomer"),
    "runs-nothing-found": ("runs:list", "/runs/?q=nothing+like+it", "owner"),
    "runs-deleted": ("runs:deleted", "/runs/deleted/", "owner"),
    "compare": ("runs:compare", "/runs/compare/?runs={language_model},{live}", "owner"),
    "compare-empty": ("runs:compare", "/runs/compare/", "owner"),
    "new-run": ("runs:new", "/runs/new/", "owner"),
    "new-run-text": ("runs:new", "/runs/new/?dataset={text}", "owner"),
    "new-run-table": ("runs:new", "/runs/new/?dataset={table}", "owner"),
    "new-run-series": ("runs:new", "/runs/new/?dataset={series}", "owner"),
    "run-live": ("runs:detail", "/runs/{live}/", "owner"),
    "run-waiting": ("runs:detail", "/runs/{waiting}/", "owner"),
    "run-failed": ("runs:detail", "/runs/{failed}/", "owner"),
    "run-rename": ("runs:rename", "/runs/{language_model}/rename/", "owner"),
    "run-publish": ("runs:publish", "/runs/{language_model}/publish/", "owner"),
    "run-checkpoints": ("runs:checkpoints", "/runs/{language_model}/checkpoints/", "owner"),
    "run-continue": ("runs:continue", "/runs/{language_model}/continue/", "owner"),
    "run-delete": ("runs:delete", "/runs/{language_model}/delete/", "owner"),
    "models": ("models:list", "/models/", "owner"),
    "models-empty": ("models:list", "/models/", "newcomer"),
    "model-edit": ("models:edit", "/models/{model_language_model}/edit/", "owner"),
    "model-delete": ("models:delete", "/models/{model_language_model}/delete/", "owner"),
    "model-delete-version": ("models:delete-version", "/models/{model_forecasting}/versions/1/delete/", "owner"),
    "model-shares": ("models:shares", "/models/{model_language_model}/shares/", "owner"),
    "queue": ("queue:page", "/queue/", "owner"),
    "team": ("teams:detail", "/teams/{team}/", "owner"),
    "team-history": ("teams:history", "/teams/{team}/history/", "owner"),
    "team-leave": ("teams:leave", "/teams/{club}/leave/", "owner"),
    "team-hand-over": ("teams:hand_over", "/teams/{club}/hand-over/", "owner"),
    "team-remove": ("teams:remove", "/teams/{club}/people/{mate}/remove/", "owner"),
    "team-delete": ("teams:delete", "/teams/{club}/delete/", "owner"),
    "team-new": ("teams:new", "/teams/new/", "owner"),
    "settings": ("settings", "/settings/", "owner"),
    "logout": ("account_logout", "/accounts/logout/", "owner"),
    "password": ("account_change_password", "/accounts/password/change/", "owner"),
    "api-docs": ("api-docs", "/api/v1/docs", "owner"),
}
# Tasks of which a short run is trained: (made data, how much of it, its format).
TASKS: dict[str, tuple[str, int, str]] = {
    "language_model": ("grammar", 20_000, "txt"),
    "classification": ("sum_mod_10", 600, "csv"),
    "regression": ("sum", 600, "csv"),
    "seq2seq": ("dates", 600, "csv"),
    "conditional_generation": ("jingles", 400, "csv"),
    "forecasting": ("seasonal", 1500, "csv"),
    "tagging": ("sentences", 400, "jsonl"),
}
WORDS = {
    "DET": ["the", "a", "every", "no"], "ADJ": ["old", "quiet", "second", "hidden"],
    "NOUN": ["state", "gate", "cell", "letter", "echo"], "VERB": ["keeps", "forgets", "repeats", "opens"],
}  # fmt: skip
for _task in TASKS:
    PAGES[f"run-{_task}"] = ("runs:detail", f"/runs/{{{_task}}}/", "owner")
    PAGES[f"model-{_task}"] = ("models:detail", f"/models/{{model_{_task}}}/", "owner")
PAGES["run-evaluation"] = ("runs:evaluation", "/runs/{classification}/evaluation/", "owner")
PAGES["model-evaluation"] = ("models:evaluation", "/models/{model_classification}/evaluation/", "owner")

# Routes that show no page of their own: they do something and lead elsewhere, or answer a page's script.
NO_PAGE = {
    "make_token", "revoke_token", "teams:current", "teams:switch", "teams:role", "teams:revoke", "teams:revoke_link",
    "datasets:example", "datasets:discard", "datasets:row", "datasets:lines", "datasets:download", "datasets:columns",
    "datasets:task", "datasets:delete-version", "runs:act", "runs:estimate", "runs:recipe", "runs:head",
    "runs:download_checkpoint", "runs:continue_estimate", "runs:stop", "runs:pause", "runs:resume", "runs:front",
    "runs:history", "runs:report", "runs:log", "runs:download_recipe", "models:revoke", "models:download", "queue:act",
    "shared:generate", "shared:predict", "datasets:rename", "datasets:delete", "teams:rename", "teams:invite",
}  # fmt: skip


class Rest:
    """The studio's REST API as one person."""

    def __init__(self, port: int, token: str) -> None:
        self._base, self._token = f"http://127.0.0.1:{port}/api/v1", token

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, data, headers, method=method)  # noqa: S310 - our own
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path} {body}: {error.read().decode()}") from error

    def wait(self, path: str, until: Callable[[Any], bool]) -> Any:
        end = time.monotonic() + PATIENCE
        while not until(found := self("GET", path)):
            if time.monotonic() > end:
                raise TimeoutError(f"{path} is still {found.get('status')} after {PATIENCE} s")
            time.sleep(0.5)
        return found


def fill(studio: Studio, folder: Path) -> dict[str, str]:
    """Datasets, runs, models, people; what the addresses in PAGES name."""
    scratch.connect(studio.data)
    from webapp.accounts.services import create_token, create_user
    from webapp.teams import services as teams
    from webapp.teams.models import Membership, Role

    user, mate = scratch.person(), create_user(email="editor@example.org", password=scratch.PASSWORD)
    create_user(email="newcomer@example.org", password=scratch.PASSWORD)
    club = teams.create(user=user, name="Recurrent readers")
    for team, role in ((user.personal_team, Role.EDITOR), (club, Role.OWNER)):
        Membership.objects.create(team=team, user=mate, role=role)
    rest = Rest(studio.port, create_token(user=user, name="Screenshots")[1])
    ids = {"team": user.personal_team.id, "club": club.id, "mate": mate.id}
    data = {task: _dataset(rest, f"{name}.{ending}", _made(name, count, folder))
            for task, (name, count, ending) in TASKS.items()}  # fmt: skip
    ids |= {"text": data["language_model"], "table": data["classification"], "series": data["forecasting"]}
    ids["broken"] = _dataset(rest, "broken.csv", 'word,kind\na,1\nb,2,3\n"c,4\n', wanted=("failed", "ready"))
    for task, dataset in data.items():
        ids[task] = _run(rest, dataset, task, f"{task.replace('_', ' ').capitalize()}, quick look", max_steps=60)["id"]
    for task in TASKS:
        run = rest.wait(f"/runs/{ids[task]}", lambda run: run["status"] in ("finished", "failed"))
        if run["status"] == "failed":
            raise RuntimeError(f"the {task} run failed: {run['error']}")
        body = {"run_id": run["id"], "checkpoint": "best", "name": f"{run['name'].partition(',')[0]} model"}
        ids[f"model_{task}"] = rest("POST", "/models", body)["id"]
    again = {"run_id": ids["forecasting"], "checkpoint": "last", "model_id": ids["model_forecasting"]}
    rest("POST", "/models", again)  # a version that can be deleted: there is another one
    ids["share"] = rest("POST", f"/models/{ids['model_language_model']}/shares", {})["url"]
    ids["invitation"] = rest("POST", f"/teams/{ids['team']}/invitations", {"role": "viewer"})["url"]
    ids["failed"] = _run(rest, data["classification"], "classification", "Too fast", max_steps=400,
                         learning_rate=1e6, clip_norm=0.0)["id"]  # fmt: skip
    rest.wait(f"/runs/{ids['failed']}", lambda run: run["status"] in ("finished", "failed"))
    ids["live"] = _run(rest, data["language_model"], "language_model", "A long one", max_steps=1_000_000, patience=0)[
        "id"
    ]
    ids["waiting"] = _run(rest, data["language_model"], "language_model", "Next", max_steps=500)["id"]
    _run(rest, data["language_model"], "language_model", "The one after it", max_steps=500)
    rest.wait(f"/runs/{ids['live']}", lambda run: run["step"] > 50)
    return ids


def _made(name: str, count: int, folder: Path) -> str:
    if name == "sentences":
        return _sentences(count)
    path = folder / name
    subprocess.run(
        [sys.executable, "-m", "rnncore", "synthetic", name, "--out", path, "--count", str(count)], cwd=ROOT, check=True
    )
    return path.read_text()


def _sentences(count: int) -> str:
    """Words with their parts of speech, a record a line."""
    draw, lines = random.Random(1), []
    for _ in range(count):
        tags = [tag for verb in ([], ["VERB"]) for tag in (*verb, "DET", *draw.choice([[], ["ADJ"]]), "NOUN")]
        lines.append(json.dumps({"tokens": [draw.choice(WORDS[tag]) for tag in tags], "tags": tags}))
    return "\n".join(lines)


def _dataset(rest: Rest, name: str, text: str, wanted: tuple[str, ...] = ("ready",)) -> str:
    made = rest("POST", "/datasets", {"name": name, "text": text})
    found = rest.wait(f"/datasets/{made['id']}", lambda dataset: dataset["status"] != "processing")
    if found["status"] not in wanted:
        raise RuntimeError(f"{name} could not be read: {found['error']}")
    return found["id"]


def _run(rest: Rest, dataset: str, task: str, name: str, **training: Any) -> Any:
    recipe = {
        "task": {"kind": task}, "network": {"cell": "gru", "hidden_size": 32, "num_layers": 1},
        "training": {"batch_size": 16, "evaluate_every": 20, "checkpoint_every": 30, **training},
        "sampling": {"every": 20},
    }  # fmt: skip
    return rest("POST", "/runs", {"dataset_id": dataset, "recipe": recipe, "name": name})


def shoot(studio: Studio, ids: dict[str, str], out: Path, only: str = "") -> list[str]:
    """Takes the pictures; what is wrong with pages, a line each."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or sys.exit("this wants Chromium")
    wrong: list[str] = []
    with sync_playwright() as playwright:
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        for scheme, width, who in itertools.product(SCHEMES, WIDTHS, ("nobody", "owner", "newcomer")):
            if names := [name for name, page in PAGES.items() if page[2] == who and only in name]:
                page = _page(browser, studio, who, scheme, width)
                found = _tour(page, names, ids, out, f"{scheme}-{width}")
                wrong += [f"{line} ({scheme}, {width} px)" for line in found]
                page.context.close()
        browser.close()
    return wrong


def _page(browser: Browser, studio: Studio, who: str, scheme: str, width: int) -> Page:
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{studio.port}", color_scheme=scheme, viewport={"width": width, "height": 900},
        reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()
    if who != "nobody":
        page.goto("/accounts/login/")
        page.get_by_label("Email").fill(scratch.EMAIL if who == "owner" else "newcomer@example.org")
        page.get_by_label("Password").fill(scratch.PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"http://127.0.0.1:{studio.port}/")
    return page


def _tour(page: Page, names: list[str], ids: dict[str, str], out: Path, ending: str) -> Iterator[str]:
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    for name in names:
        said.clear()
        try:
            answer = page.goto(PAGES[name][1].format(**ids))
        except Error as error:  # an answer without a page, or none
            yield f"{name}: {error.message.splitlines()[0]}"
            continue
        page.wait_for_timeout(800)  # curves and counts come by script
        page.screenshot(path=out / f"{name}-{ending}.png", full_page=True)
        if answer.status != (404 if name == "no-such-page" else 200):
            said.append(f"answers {answer.status}")
        if (over := page.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
            said.append(f"is {over} px wider than the screen")
        yield from (f"{name}: {line}" for line in said)


def main() -> None:
    parser = argparse.ArgumentParser(prog="./studio screenshots", description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("screenshots"))
    parser.add_argument("--only", default="", help="the pages with this in their name")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, Studio(Path(name) / "data", free_port()) as studio:
        studio.wait_until_ready()
        wrong = shoot(studio, fill(studio, Path(name)), given.out, given.only)
    print(f"{len(list(given.out.glob('*.png')))} pictures in {given.out}")
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
