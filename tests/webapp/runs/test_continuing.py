"""A run that goes on with another, and one that starts from weights: what is refused, what lies there, who may."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from threading import Event

import pytest
from django.conf import settings
from django.http import Http404

from jobs.supervisor import Supervisor
from rnncore.errors import RecipeError
from rnncore.events import iso
from webapp.models.services import publish
from webapp.models.store import folder as model_folder
from webapp.problems import Conflict, Invalid
from webapp.runs import beginnings, feed, selectors, services
from webapp.runs.models import Run
from webapp.runs.store import RunStore, folder

pytestmark = pytest.mark.django_db
RECIPE = {
    "task": {"kind": "language_model", "tokens": "char"},
    "network": {"hidden_size": 8, "num_layers": 1, "embedding_size": 4},
    "training": {"max_steps": 6, "evaluate_every": 3, "checkpoint_every": 3, "batch_size": 4, "sequence_length": 16,
                 "device": "cpu", "precision": "float32", "patience": 0},
    "sampling": {"every": 0},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr("webapp.runs.services.wake", lambda *_: None)
    monkeypatch.setattr("webapp.runs.services.publish_run", lambda *_, **__: None)


@pytest.fixture
def ended(alice, make):
    """A finished run with its engine's folder; nothing in it was trained."""

    def run(status: str = "finished", **training) -> Run:
        row = services.start(
            user=alice, team=alice.personal_team, dataset=make.dataset(alice.personal_team),
            recipe={**RECIPE, "training": RECIPE["training"] | training}, name="foxes",
        )  # fmt: skip
        out = folder(row.id) / "out"
        for step in (3, 6):
            make.checkpoint(row, step, best=step == 3)
            (out / "checkpoints" / f"step-{step:08d}" / "recipe.json").write_text(json.dumps(row.filled))
        (out / "data" / "start").mkdir(parents=True)
        (out / "data" / "start" / "network.json").write_text("{}")
        (out / "data" / "tokenizer.json").write_text("{}")
        (out / "data" / "data").mkdir()
        (out / "reports").mkdir()
        (out / "reports" / "valid.json").write_text("{}")
        for name in ("recipe.json", "resolved.json", "events.jsonl", "lock"):
            (out / name).write_text("{}\n")
        Run.objects.filter(id=row.id).update(status=status)
        row.refresh_from_db()
        return row

    return run


def longer(run: Run, **training) -> dict:
    return {**run.recipe, "training": run.recipe["training"] | training}


def in_folder(run: Run) -> set[str]:
    out = folder(run.id) / "out"
    return {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}


def test_it_begins_with_a_copy_and_leaves_the_other_as_it_was(alice, ended):
    source = ended()
    before = {path: (folder(source.id) / "out" / path).read_bytes() for path in in_folder(source)}
    run = services.go_on(user=alice, run=source, recipe=longer(source, max_steps=12))
    assert (run.status, run.step, run.steps, run.last_seq, run.name) == ("queued", 6, 12, 0, "foxes, continued")
    assert run.origin == {"how": "continued", "name": "foxes", "version": None, "step": 6}
    assert (run.from_run_id, run.version_id) == (source.id, source.version_id)
    assert run.filled == {**source.filled, "training": source.filled["training"] | {"max_steps": 12}}
    kept = in_folder(run)
    assert {"events.jsonl", "resolved.json", "data/tokenizer.json", "data/start/network.json"} <= kept
    assert "reports/valid.json" in kept and "lock" not in kept and not any("data/data" in path for path in kept)
    assert {path.split("/")[1] for path in kept if path.startswith("checkpoints/")} == {
        "step-00000003",
        "step-00000006",
    }
    (folder(run.id) / "out" / "events.jsonl").write_text("more")
    shutil.rmtree(folder(run.id) / "out" / "checkpoints" / "step-00000003")
    assert {path: (folder(source.id) / "out" / path).read_bytes() for path in in_folder(source)} == before


def test_from_an_earlier_checkpoint_what_came_later_stays_behind(alice, ended):
    run = services.go_on(user=alice, run=(source := ended()), recipe=source.recipe, checkpoint=3)
    assert (run.step, run.steps) == (3, 6)
    kept = in_folder(run)
    assert not any("step-00000006" in path for path in kept)
    assert "reports/valid.json" not in kept


def test_a_file_of_a_checkpoint_that_goes_while_it_is_copied(alice, ended, monkeypatch):
    run, before = ended(), set((settings.DATA / "runs").iterdir())

    def gone(*_):
        raise FileNotFoundError

    monkeypatch.setattr(beginnings.os, "link", gone)
    with pytest.raises(Conflict, match="gone by now"):
        services.go_on(user=alice, run=run, recipe=longer(run, max_steps=9))
    assert set((settings.DATA / "runs").iterdir()) == before


@pytest.mark.parametrize("status", ["queued", "running", "paused", "failed"])
def test_only_one_that_has_ended_is_gone_on_with(alice, ended, status):
    with pytest.raises(Conflict):
        services.go_on(user=alice, run=(run := ended(status)), recipe=longer(run, max_steps=12))
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("status", "training", "field"),
    [
        ("finished", {"max_steps": 6}, "training.max_steps"),
        ("finished", {"max_steps": 5}, "training.max_steps"),
        ("finished", {"max_steps": None, "max_epochs": 0.01}, "training.max_epochs"),
        ("stopped", {"max_steps": 5}, "training.max_steps"),
        ("finished", {"learning_rate": 0.5, "max_steps": 12}, "training.learning_rate"),
        ("finished", {"seed": 7, "max_steps": 12}, "training.seed"),
    ],
)
def test_what_cannot_be_gone_on_with_is_named(alice, ended, status, training, field):
    run = ended(status)
    recipe = longer(run, **training)
    recipe["training"] = {name: value for name, value in recipe["training"].items() if value is not None}
    with pytest.raises(RecipeError) as refused:
        services.go_on(user=alice, run=run, recipe=recipe)
    assert [name for name, _ in refused.value.errors] == [field]
    assert Run.objects.count() == 1


def test_a_checkpoint_that_is_not_there(alice, ended):
    with pytest.raises(Invalid, match="3, 6"):
        services.go_on(user=alice, run=(run := ended()), recipe=longer(run, max_steps=12), checkpoint=5)


def test_who_may_not_train_there_may_not(alice, bob, charlie, ended):
    run = ended()
    with pytest.raises(Http404):
        services.go_on(user=charlie, run=run, recipe=longer(run, max_steps=12))


class TestRest:
    def body(self, run: Run, **more) -> dict:
        return {"dataset_id": run.version.dataset_id, "recipe": longer(run, max_steps=12), **more}

    def post(self, client, token, body):
        headers = {"authorization": f"Bearer {token}"}
        return client.post("/api/v1/runs", json.dumps(body), content_type="application/json", headers=headers)

    def test_continue(self, client, token, alice, ended):
        run = ended()
        answer = self.post(client, token(alice), self.body(run, continue_run_id=run.id, name="on"))
        assert answer.status_code == 201
        body = answer.json()
        assert (body["continue_run_id"], body["from_run_id"], body["name"], body["steps"]) == (run.id, None, "on", 12)
        assert body["id"] != run.id

    def test_a_run_that_one_may_not_see(self, client, token, charlie, make, ended):
        run, ours = ended(), make.dataset(charlie.personal_team)
        for name in ("continue_run_id", "from_run_id"):
            body = self.body(run, **{name: run.id}) | {"dataset_id": ours.id}
            assert self.post(client, token(charlie), body).status_code == 404

    def test_a_model_that_one_may_not_see(self, client, token, alice, charlie, make):
        model, ours = make.model(alice.personal_team, alice), make.dataset(charlie.personal_team)
        body = {"dataset_id": ours.id, "recipe": RECIPE, "from_model_id": model.id}
        assert self.post(client, token(charlie), body).status_code == 404

    def test_one_that_still_runs(self, client, token, alice, ended):
        run = ended("running")
        assert self.post(client, token(alice), self.body(run, continue_run_id=run.id)).status_code == 409

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"recipe": RECIPE}, "recipe.training.max_steps"),
            ({"dataset_id": "anotherdatasetid"}, "dataset_id"),
            ({"valid_dataset_id": "anotherdatasetid"}, "valid_dataset_id"),
            ({"team_id": "anotherteam"}, "team_id"),
            ({"checkpoint": 4}, "checkpoint"),
            ({"from_model_id": "x"}, "from_model_id"),
        ],
    )
    def test_what_does_not_agree_is_named(self, client, token, alice, ended, more, field):
        run = ended()
        answer = self.post(client, token(alice), self.body(run, continue_run_id=run.id) | more)
        assert answer.status_code == 422, answer.content
        assert [error["field"] for error in answer.json()["errors"]] == [field]

    def test_two_beginnings_and_a_checkpoint_of_nothing(self, client, token, alice, ended):
        run = ended()
        for more, field in (
            ({"from_model_id": "x", "from_run_id": run.id}, "from_run_id"),
            ({"checkpoint": 3}, "checkpoint"),
        ):
            answer = self.post(client, token(alice), self.body(run, **more))
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def train(run: Run) -> str:
    """With the supervisor and the training process that a worker has; the run's status."""
    store = RunStore()
    claim = store.claim("test")
    assert claim.run_id == run.id
    Supervisor(store, claim, Event()).run()
    run.refresh_from_db()
    assert run.status == "finished", (run.error, (folder(run.id) / "log.txt").read_text())
    return run.status


def weights_of(run: Run, step: int) -> bytes:
    return (folder(run.id) / f"out/checkpoints/step-{step:08d}/model.safetensors").read_bytes()


@pytest.mark.django_db(transaction=True)
def test_a_story_of_three_runs(alice, make, client, token):
    """One is trained; a second goes on with it; a third starts from the model that came of it, whose files are gone."""
    team, dataset = alice.personal_team, make.dataset(alice.personal_team)
    first = services.start(user=alice, team=team, dataset=dataset, recipe=RECIPE, name="first")
    train(first)
    second = services.go_on(user=alice, run=first, recipe=longer(first, max_steps=10))
    events = (folder(first.id) / "out/events.jsonl").read_bytes()
    train(second)
    assert (second.step, second.steps) == (10, 10)
    assert weights_of(second, 6) == weights_of(first, 6) != weights_of(second, 10)
    stated = feed.events_after(second.id, 0, 1000)
    assert [event["seq"] for event in stated] == list(range(1, second.last_seq + 1))
    assert [event["step"] for event in stated if event["kind"] == "rewound"] == [6]
    assert {event["step"] for event in feed.evaluations(second)} >= {3, 6, 9, 10}
    assert (folder(first.id) / "out/events.jsonl").read_bytes() == events

    model = publish(user=alice, run=second, checkpoint="last", name="model")
    begin = beginnings.from_model(alice, model.id)
    bare = {"task": {"kind": "language_model"}, "training": RECIPE["training"] | {"learning_rate": 0.001}}
    third = services.start(user=alice, team=team, dataset=dataset, recipe=bare, name="third", begin=begin)
    assert third.filled["network"]["hidden_size"] == 8
    shutil.rmtree(model_folder(model.newest_id))
    train(third)
    assert weights_of(third, 0) == weights_of(second, 10)
    assert third.started["unknown"] == 0
    assert third.started["parameters"] == second.started["parameters"]
    shown = client.get(f"/api/v1/runs/{third.id}", headers={"authorization": f"Bearer {token(alice)}"}).json()
    assert shown["from_model_id"] == model.id
    assert shown["origin"] == {"how": "weights", "name": "model", "version": 1, "step": 10}


class TestWeights:
    @pytest.fixture
    def model(self, alice, make, ended):
        run = ended()
        for step in (3, 6):
            path = folder(run.id) / f"out/checkpoints/step-{step:08d}"
            (path / "network.json").write_text(json.dumps({"task": "language_model", "vocabulary_size": 28}))
        return publish(user=alice, run=run, name="model")

    def start(self, alice, make, begin, recipe, **given):
        dataset = given.get("dataset") or make.dataset(alice.personal_team)
        return services.start(user=alice, team=alice.personal_team, dataset=dataset, recipe=recipe, begin=begin)

    def test_what_does_not_fit_is_named(self, alice, make, model):
        begin = beginnings.from_model(alice, model.id)
        other = {**RECIPE, "network": {"hidden_size": 9, "cell": "gru"}}
        with pytest.raises(RecipeError) as refused:
            self.start(alice, make, begin, other)
        assert {name for name, _ in refused.value.errors} == {"network.hidden_size", "network.cell"}
        with pytest.raises(RecipeError, match="another task"):
            self.start(
                alice, make, begin, {"task": {"kind": "classification"}}, dataset=make.table(alice.personal_team)
            )
        assert Run.objects.count() == 1

    def test_files_lie_there_before_anybody_trains(self, alice, make, model):
        run = self.start(alice, make, beginnings.from_model(alice, model.id), RECIPE)
        names = {path.name for path in (folder(run.id) / "weights").iterdir()}
        assert {"model.safetensors", "network.json", "recipe.json"} <= names
        assert RunStore().claim("w").weights == folder(run.id) / "weights"

    def test_a_checkpoint_serves_as_well(self, alice, make, ended, model):
        source = Run.objects.get()
        begin = beginnings.from_checkpoint(alice, source.id, 6)
        run = self.start(alice, make, begin, RECIPE)
        assert (run.from_run_id, run.origin["step"]) == (source.id, 6)
        assert beginnings.named(alice, begin.key) == begin
        with pytest.raises(Invalid, match="checkpoint"):
            beginnings.from_checkpoint(alice, source.id, 5)

    def test_weights_that_are_gone(self, alice, make, model):
        begin, before = beginnings.from_model(alice, model.id), set(Path(settings.DATA / "runs").iterdir())
        shutil.rmtree(model_folder(model.newest_id))
        with pytest.raises(Conflict, match="whole weights"):
            beginnings.from_model(alice, model.id)
        with pytest.raises(Conflict, match="gone by now"):
            self.start(alice, make, begin, RECIPE)
        assert set(Path(settings.DATA / "runs").iterdir()) == before
        assert selectors.runs_of(alice).count() == 1


def test_the_end_that_was_planned_stays_until_its_own_trainer_states_one(alice, ended):
    run = ended()
    new = services.go_on(user=alice, run=run, recipe=longer(run, max_steps=12))
    stated = {"kind": "started", "parameters": 7, "tokens": 100, "device": "cpu", "precision": "float32"}
    before = {**stated, "seq": 1, "at": "2026-01-31T12:00:00.000Z", "step": 0, "steps": 6}
    feed.append(new, [before])
    assert new.steps == 12, "the copied feed speaks of the other's end"
    feed.append(
        new, [{**before, "seq": 2, "at": iso(int(1000 * new.created_at.timestamp()) + 5000), "step": 6, "steps": 11}]
    )
    assert new.steps == 11
