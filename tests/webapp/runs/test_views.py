"""Pages of runs, as their owner, a viewer of the team and an outsider see them."""

from __future__ import annotations

import html
import re
import tomllib

import pytest
from django.urls import reverse

from rnncore.recipe import Recipe
from tests.webapp.runs.events import evaluated, feed, progress, sampled, started
from webapp.models.models import Model
from webapp.runs import feed as feeds
from webapp.runs.models import Run
from webapp.runs.store import folder
from webapp.teams.models import Membership, Role

pytestmark = pytest.mark.django_db

MARKUP = '<script>alert(1)</script>&"'
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"
FRAGMENT = {"HTTP_HX_REQUEST": "true"}
RECIPE = {
    "task": {"kind": "language_model", "tokens": "char"},
    "network": {"cell": "lstm", "hidden_size": 320, "num_layers": 2, "dropout": 0.3},
    "training": {
        "batch_size": 48, "sequence_length": 128, "learning_rate": 0.004, "warmup_steps": 50, "schedule": "cosine",
        "optimizer": "adamw", "clip_norm": 1.0, "max_steps": 2000, "seed": 1, "evaluate_every": 200,
        "checkpoint_every": 200,
    },
    "sampling": {"every": 200, "prompts": [""], "temperatures": [0.8], "length": 100},
}  # fmt: skip


@pytest.fixture
def run(alice, make):
    run = make.run(alice.personal_team, status="running", name=f"Foxes {MARKUP}")
    run.recipe = run.filled = RECIPE
    run.save()
    run.version.inspection |= {"encoding": "utf-8", "compression": None, "preview": {"start": make.text}}
    run.version.save()
    return run


@pytest.fixture
def viewer(alice, charlie):
    Membership.objects.create(team=alice.personal_team, user=charlie, role=Role.VIEWER)
    return charlie


def url(name: str, run: Run) -> str:
    return reverse(f"runs:{name}", args=[run.id])


GETS = ["detail", "head", "rename", "publish", "delete", "history", "log", "download_recipe"]
POSTS = ["stop", "pause", "resume", "front", "rename", "publish", "delete"]


@pytest.mark.parametrize(("method", "name"), [*(("get", name) for name in GETS), *(("post", name) for name in POSTS)])
def test_an_outsider_finds_nothing_and_a_stranger_signs_in_first(client, charlie, run, method, name):
    answer = getattr(client, method)(url(name, run))
    assert (answer.status_code, answer["Location"].startswith("/accounts/login/")) == (302, True)
    client.force_login(charlie)
    assert getattr(client, method)(url(name, run)).status_code == 404
    assert Run.objects.get(id=run.id).wanted == ""


@pytest.mark.parametrize("name", POSTS)
def test_a_viewer_may_look_and_not_touch(as_, viewer, run, name):
    client = as_(viewer)
    page = client.get(url("detail", run)).content.decode()
    assert "run-stop" not in page
    assert "Delete…" not in page
    assert client.post(url(name, run), {"name": "x", "checkpoint": "best"}).status_code == 403


def test_every_state_has_its_page(as_, alice, bob, run, make):
    client = as_(bob)
    for status in ("queued", "running", "paused", "finished", "stopped", "failed"):
        Run.objects.filter(id=run.id).update(
            status=status, error={"error": f"Bad {MARKUP}", "hint": "Less.", "step": 7}
        )
        page = client.get(url("detail", run)).content.decode()
        assert MARKUP not in page
        assert (f"Bad {ESCAPED}" in page and "Failed at step 7" in page) == (status == "failed")
        assert ('id="run-stop"' in page) == (status in ("queued", "running"))
        assert ('id="run-resume"' in page) == (status in ("paused", "stopped"))


def test_names_and_texts_are_escaped_everywhere(as_, alice, run):
    feeds.append(run, feed(started(), progress(5), sampled(5, MARKUP)))
    client = as_(alice)
    for address in (url("detail", run), url("head", run), url("delete", run), "/runs/", "/runs/?q=%3Cscript%3E"):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page, address
    assert client.get(url("history", run))["Content-Type"] == "application/json"


def test_the_queue_says_where_a_run_stands(as_, alice, run, make):
    Run.objects.filter(id=run.id).update(status="queued")
    second = make.run(alice.personal_team)
    client = as_(alice)
    assert "Next in the queue" in client.get(url("detail", run)).content.decode()
    page = client.get(url("detail", second)).content.decode()
    assert "Number 2 in the queue" in page
    client.post(url("front", second))
    assert "Next in the queue" in client.get(url("detail", second)).content.decode()


def test_buttons_work_with_and_without_scripts(as_, alice, run):
    client = as_(alice)
    assert client.post(url("pause", run))["Location"] == url("detail", run)
    fragment = client.post(url("stop", run), **FRAGMENT).content.decode()
    assert 'data-wanted="stop"' in fragment
    assert "<html" not in fragment
    assert client.get(url("stop", run)).status_code == 405
    Run.objects.filter(id=run.id).update(status="finished", wanted="")
    refused = client.post(url("resume", run), **FRAGMENT)
    assert (refused.status_code, b"finished" in refused.content) == (409, True)


def test_renaming(as_, alice, run):
    client = as_(alice)
    assert client.post(url("rename", run), {"name": " "}).status_code == 422
    answer = client.post(url("rename", run), {"name": "New name"}, **FRAGMENT)
    assert answer["HX-Redirect"] == url("detail", run)
    assert Run.objects.get(id=run.id).name == "New name"
    assert "<html" not in client.get(url("rename", run), **FRAGMENT).content.decode()
    assert "<html" in client.get(url("rename", run)).content.decode()


def test_publishing_offers_the_checkpoints_there_are(as_, alice, make):
    run = make.trained(alice.personal_team)
    client = as_(alice)
    page = client.get(url("publish", run), **FRAGMENT).content.decode()
    assert "Best so far: step 10" in page
    assert "Newest: step 20" in page
    assert client.post(url("publish", run), {"name": "", "checkpoint": "best"}).status_code == 422
    assert client.post(url("publish", run), {"name": "a", "checkpoint": "15"}).status_code == 422
    answer = client.post(url("publish", run), {"name": "Foxes", "checkpoint": "20"})
    model = Model.objects.get()
    assert (model.newest.step, answer["Location"]) == (20, reverse("models:detail", args=[model.id]))


def test_publishing_before_the_first_checkpoint_says_when(as_, alice, run):
    assert "The first one is written at step 200" in as_(alice).get(url("publish", run)).content.decode()


def test_deleting_asks_first_and_says_what_is_lost(as_, alice, make):
    run = make.trained(alice.personal_team)
    make.model(alice.personal_team, alice, run=run)
    client = as_(alice)
    page = client.get(url("delete", run)).content.decode()
    assert "2 checkpoints" in page
    assert "The model published from it stays" in " ".join(page.split())
    assert Run.objects.filter(id=run.id).exists()
    client.post(url("delete", run))
    assert not Run.objects.filter(id=run.id).exists()
    assert Model.objects.count() == 1


def test_a_history_and_what_follows_it_are_the_whole_feed(as_, alice, run):
    stated = feed(started(), *(progress(step) for step in range(1, 60)), evaluated(59, 1.5), sampled(59))
    feeds.append(run, stated[:40])
    body = as_(alice).get(url("history", run)).json()
    assert body["last_seq"] == 40
    assert body["points"]["step"] == list(range(1, 40))
    assert body["facts"] == [stated[0]]
    assert body["latest"]["step"] == 39
    assert feeds.events_after(run.id, body["last_seq"], 100) == []
    stale = Run.objects.get(id=run.id)
    feeds.append(run, stated[40:])
    # A reader whose row is older than the newest events gets what belongs to that row.
    assert feeds.history(stale)["step"] == list(range(1, 40))
    assert feeds.facts(stale) == [stated[0]]


def test_a_history_leaves_out_what_was_taken_back(as_, alice, run):
    from rnncore.events import Rewound

    stated = [started(), progress(5), evaluated(10, 1.5), progress(12), sampled(12), Rewound(step=10), progress(11)]
    feeds.append(run, feed(*stated))
    body = as_(alice).get(url("history", run)).json()
    assert body["points"]["step"] == [5, 11]
    assert [fact["kind"] for fact in body["facts"]] == ["started", "evaluated", "rewound"]


def test_a_part_of_a_history_is_finer(as_, alice, run):
    losses = [5 + (step * 37 % 101) / 50 for step in range(1, 3001)]
    feeds.append(run, feed(started(), *(progress(step, loss) for step, loss in enumerate(losses, 1))))
    client = as_(alice)
    whole = client.get(url("history", run), {"width": 100}).json()["points"]
    assert len(whole["step"]) < 1500
    assert (min(whole["loss"]), max(whole["loss"])) == (min(losses), max(losses))
    part = client.get(url("history", run), {"start": 1000, "end": 1100, "width": 100}).json()
    assert part["points"]["step"] == list(range(1000, 1101))
    assert "facts" not in part


@pytest.mark.parametrize("query", ["start=x", "end=-1", "width=1e3", "start=9999999999999999999", "width=²"])
def test_a_history_refuses_what_is_no_number(as_, alice, run, query):
    assert as_(alice).get(f"{url('history', run)}?{query}").status_code == 400


def test_samples_of_very_many_steps_are_thinned(as_, alice, run):
    feeds.append(run, feed(*(sampled(step) for step in range(500))))
    facts = as_(alice).get(url("history", run)).json()["facts"]
    steps = [fact["step"] for fact in facts]
    assert (steps[0], steps[-1], len(steps)) == (0, 499, 200)


def test_the_log_is_the_end_of_what_was_printed(as_, alice, run):
    client = as_(alice)
    assert client.get(url("log", run)).content == b""
    folder(run.id).mkdir(parents=True)
    (folder(run.id) / "log.txt").write_text(MARKUP + "\n")
    answer = client.get(url("log", run))
    assert (answer.content.decode(), answer["Content-Type"]) == (MARKUP + "\n", "text/plain; charset=utf-8")
    (folder(run.id) / "log.txt").write_text("x" * 99 + "\n" + "line\n" * 20_000)
    text = client.get(url("log", run)).content.decode()
    assert len(text) < 70_000
    assert text.startswith("…\nline\n")


def test_the_recipe_comes_as_a_file_that_the_command_takes(as_, alice, run):
    client = as_(alice)
    answer = client.get(url("download_recipe", run))
    assert Recipe.parse(tomllib.loads(answer.content.decode())).to_dict() == RECIPE
    assert 'filename="foxes-script-alert-1-script.toml"' in answer["Content-Disposition"]
    page = client.get(url("detail", run)).content.decode()
    assert "rnncore train foxes-script-alert-1-script.toml --data foxes.txt" in page
    assert "LSTM, 2 layers of 320, dropout 0.3" in page


def test_the_list_finds_by_name_and_by_data(as_, alice, make, charlie):
    make.run(alice.personal_team, name="Poems")
    make.run(charlie.personal_team, name="Not mine")
    make.run(alice.personal_team, name="Prose", dataset=make.dataset(alice.personal_team, name="novels.txt"))
    client = as_(alice)
    page = client.get("/runs/").content.decode()
    assert "Poems" in page
    assert "Not mine" not in page
    assert "Poems" not in client.get("/runs/?q=novel").content.decode()
    fragment = client.get("/runs/?q=poem", **FRAGMENT).content.decode()
    assert "Poems" in fragment
    assert "Prose" not in fragment
    assert "<html" not in fragment


def test_the_list_comes_in_pages_and_asks_no_query_a_row(as_, alice, make, django_assert_max_num_queries):
    dataset = make.dataset(alice.personal_team)
    for number in range(30):
        run = make.run(alice.personal_team, dataset=dataset, name=f"run {number}", status="finished")
        feeds.append(run, feed(started(), progress(1), progress(2)))
    client = as_(alice)
    with django_assert_max_num_queries(15):
        page = client.get("/runs/").content.decode()
    assert page.count("data-run=") == 25
    assert client.get("/runs/?page=2").content.decode().count("data-run=") == 5
    assert page.count('class="spark"') == 25


def test_an_empty_list_says_what_to_do(as_, alice):
    assert "Add data" in as_(alice).get("/runs/").content.decode()


def test_training_again_starts_from_what_was_given(as_, alice, run, charlie, make):
    prompts = ["", "two\nlines\tand a tab"]
    Run.objects.filter(id=run.id).update(recipe={**RECIPE, "sampling": {"prompts": prompts, "temperatures": [0.25, 1]}})
    client = as_(alice)
    link = re.search(r'href="(/runs/new/[^"]+)"', client.get(url("detail", run)).content.decode())[1]
    answer = client.get(html.unescape(link), follow=True)
    form = answer.context["form"]
    assert (answer.status_code, form.errors) == (200, {})
    assert form.recipe.to_dict()["sampling"] == {"prompts": prompts, "temperatures": [0.25, 1.0]}
    assert form.recipe.to_dict()["training"] == RECIPE["training"]
    theirs = make.dataset(charlie.personal_team)
    assert as_(charlie).get(f"/runs/new/?dataset={theirs.id}&from={run.id}").status_code == 404
