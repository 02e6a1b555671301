"""Runs: started, put aside, stopped, moved, deleted."""

from __future__ import annotations

import os

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone

from rnncore.errors import RecipeError
from webapp.problems import Conflict, Invalid
from webapp.runs import selectors, services, store
from webapp.runs.models import Run
from webapp.runs.store import RunStore, folder
from webapp.teams.models import Membership

pytestmark = pytest.mark.django_db
RECIPE = {"task": {"kind": "language_model"}, "training": {"max_steps": 20}}


@pytest.fixture(autouse=True)
def told(monkeypatch):
    """Whom the services wake, and what they tell the teams; there is no Redis here."""
    said = []
    monkeypatch.setattr(services, "wake", lambda role: said.append(role))
    monkeypatch.setattr(services, "publish_run", lambda run: said.append(run.status))
    return said


@pytest.fixture
def start(alice, make):
    dataset = make.dataset(alice.personal_team)
    return lambda **given: services.start(
        **{"user": alice, "team": alice.personal_team, "dataset": dataset, "recipe": RECIPE} | given
    )


def test_a_run_is_queued_with_every_field_filled_in(start, told):
    run = start()
    assert (run.status, run.recipe, run.steps, told) == ("queued", RECIPE, 20, ["queued", "jobs.training.work"])
    assert run.filled["training"]["max_steps"] == 20
    assert {"hidden_size", "num_layers", "cell"} <= run.filled["network"].keys()
    network = run.filled["network"]
    assert run.name == f"foxes, {network['num_layers']}×{network['hidden_size']} LSTM"


def test_a_run_keeps_how_long_it_was_planned_to_take(start):
    assert 0 < start().planned_seconds < start(recipe=RECIPE | {"training": {"max_steps": 200}}).planned_seconds


def test_wrong_recipes_names_and_data_are_refused(start, alice, make):
    with pytest.raises(RecipeError, match=r"training\.max_steps"):
        start(recipe={"task": {"kind": "language_model"}, "training": {"max_steps": "many"}})
    with pytest.raises(Invalid):
        start(name="a" * 201)
    unread = make.dataset(alice.personal_team, status="processing", name="later.txt")
    for given in ({"dataset": unread}, {"valid": unread}, {"test": unread}):
        with pytest.raises(Conflict, match=r"later\.txt is still being read"):
            start(**given)
    assert not Run.objects.exists()


def test_a_waiting_run_is_stopped_at_once_a_training_one_is_asked_to(start, alice):
    run = start()
    services.stop(user=alice, run=run)
    services.stop(user=alice, run=run)
    assert (run.status, run.ended_at is not None) == ("stopped", True)
    run = start()
    claim = RunStore().claim("worker")
    services.stop(user=alice, run=run)
    services.stop(user=alice, run=run)
    assert run.status == "running"
    assert RunStore().renew(claim) == "stop"


def test_a_run_that_only_lost_its_workers_may_go_on_and_one_that_broke_may_not(start, alice):
    run = start()
    error = {"error": "died", "hint": "", "resumable": True}
    Run.objects.update(status="failed", error=error, deaths=3, died_at_step=7)
    run.refresh_from_db()
    services.resume(user=alice, run=run)
    run.refresh_from_db()
    assert (run.status, run.deaths, run.died_at_step, run.error) == ("queued", 0, None, None)
    Run.objects.update(status="failed", error={"error": "the loss is not finite", "hint": ""})
    run.refresh_from_db()
    assert not run.resumable
    with pytest.raises(Conflict, match="failed"):
        services.resume(user=alice, run=run)


@pytest.mark.parametrize(("training", "steps", "step", "seconds", "done"), [
    ({"max_steps": 200}, 200, 50, 10, 0.25),
    ({"max_minutes": 1}, None, 50, 15, 0.25),
    ({"max_steps": 200, "max_minutes": 1}, 200, 50, 45, 0.75),  # the nearest end counts
    ({"max_minutes": 1}, None, 50, 90, 1.0),
    ({"max_minutes": 1}, None, 0, None, 0.0),
    ({}, None, 50, 15, None),
])  # fmt: skip
def test_how_much_of_a_run_is_done(training, steps, step, seconds, done):
    latest = {} if seconds is None else {"seconds": seconds}
    assert Run(recipe={}, filled={"training": training}, steps=steps, step=step, latest=latest).done == done


def test_pause_and_resume(start, alice, told):
    run = start()
    services.pause(user=alice, run=run)
    services.pause(user=alice, run=run)
    assert run.status == "paused"
    assert RunStore().claim("worker") is None
    services.resume(user=alice, run=run)
    services.resume(user=alice, run=run)
    assert run.status == "queued"
    claim = RunStore().claim("worker")
    services.pause(user=alice, run=run)
    assert RunStore().renew(claim) == "pause"
    services.resume(user=alice, run=run)
    assert RunStore().renew(claim) == "", "a pause that has not happened yet is taken back"
    services.stop(user=alice, run=run)
    services.pause(user=alice, run=run)
    assert RunStore().renew(claim) == "stop", "a stop stays a stop"


def test_a_stopped_run_can_go_on_and_goes_to_the_end_of_the_queue(start, alice):
    run, other = start(), start()
    services.stop(user=alice, run=run)
    services.resume(user=alice, run=run)
    assert (run.status, run.ended_at) == ("queued", None)
    assert selectors.queue() == {other.id: 1, run.id: 2}


@pytest.mark.parametrize("status", ["finished", "failed"])
def test_what_has_ended_stays_so(alice, make, status):
    run = make.run(alice.personal_team, status=status)
    services.stop(user=alice, run=run)
    assert run.status == status
    for act in (services.pause, services.resume, services.front):
        with pytest.raises(Conflict):
            act(user=alice, run=run)


def test_the_front_of_the_queue(start, alice):
    runs = [start() for _ in range(3)]
    services.front(user=alice, run=runs[2])
    services.front(user=alice, run=runs[1])
    assert selectors.queue() == {runs[1].id: 1, runs[2].id: 2, runs[0].id: 3}
    assert RunStore().claim("worker").run_id == runs[1].id
    services.front(user=alice, run=runs[1])
    assert runs[1].status == "running"


def test_what_a_run_waits_for_in_words(start, alice, monkeypatch):
    first, second, third = start(), start(), start()
    told = lambda run: selectors.waiting_for(run, selectors.queue().get(run.id))  # noqa: E731
    monkeypatch.setattr("webapp.workers.names", list)
    assert told(first) == "A training worker: none is running."
    monkeypatch.setattr("webapp.workers.names", lambda: ["training@here:1", "ingest@here:2"])
    assert told(first) == "A training worker, which will take it within seconds."
    assert told(second) == "1 run before it."
    assert told(third) == "2 runs before it."
    RunStore().claim("worker")
    first.refresh_from_db()
    assert told(first) is None
    assert told(second) == "A free training worker: 1 run trains now."


def test_a_viewer_may_not_and_an_outsider_sees_nothing(start, alice, bob, charlie):
    run = start()
    Membership.objects.filter(user=bob, team=alice.personal_team).update(role="viewer")
    for user, error in ((bob, PermissionDenied), (charlie, Http404)):
        for act in (services.stop, services.pause, services.resume, services.front, services.delete):
            with pytest.raises(error):
                act(user=user, run=run)
        with pytest.raises(error):
            services.rename(user=user, run=run, name="mine")
        with pytest.raises(error):
            start(user=user)
    assert selectors.run_for(bob, run.id) == run
    with pytest.raises(Http404):
        selectors.run_for(charlie, run.id)
    assert Run.objects.get().status == "queued"


def test_a_run_deleted_an_hour_ago_takes_its_files_along_and_leaves_its_models(alice, make):
    run, deleted_later, other = (make.trained(alice.personal_team) for _ in range(3))
    model = make.model(alice.personal_team, alice, run=run)
    for one in (run, deleted_later):
        services.delete(user=alice, run=one)
    assert folder(run.id).exists()
    Run.everything.filter(id=run.id).update(deleted_at=timezone.now() - store.KEPT)
    store.tidy()
    assert not folder(run.id).exists()
    assert not Run.everything.filter(id=run.id).exists()
    assert folder(deleted_later.id).exists()
    model.newest.refresh_from_db()
    assert model.newest.run is None
    assert folder(other.id).exists()


def test_what_is_brought_back_while_others_are_purged_stays(alice, make, monkeypatch):
    first, second = runs = [make.trained(alice.personal_team) for _ in range(2)]
    for run in runs:
        services.delete(user=alice, run=run)
    remove = store.shutil.rmtree

    def restore_the_other(path, **options):
        services.restore(user=alice, run=second if path == folder(first.id) else first)
        remove(path, **options)

    monkeypatch.setattr(store.shutil, "rmtree", restore_the_other)
    store.purge(Run.everything.all())
    assert len(kept := Run.objects.all()) == 1
    assert folder(kept[0].id).exists()


def test_files_without_a_run_are_tidied_away(alice, make):
    run = make.trained(alice.personal_team)
    (folder("gone") / "out").mkdir(parents=True)
    for run_id in (run.id, "gone"):
        os.utime(folder(run_id), (0, 0))
    store.tidy()
    assert folder(run.id).exists()
    assert not folder("gone").exists()


def test_checkpoints_on_disk(alice, make):
    run = make.trained(alice.personal_team)
    (folder(run.id) / "out" / "checkpoints" / ".draft-00000030").mkdir()
    first, second = selectors.checkpoints(run)
    assert (first.step, first.best, first.last) == (10, True, False)
    assert (second.step, second.best, second.last) == (20, False, True)
    assert first.bytes == len(b"weights of step 10")
    assert len(first.sha256) == 64
    best = folder(run.id) / "out" / "best"
    best.unlink()
    best.write_text("checkpoints/step-00000020\n")
    assert [point.best for point in selectors.checkpoints(run)] == [False, True]
    assert selectors.checkpoints(make.run(alice.personal_team)) == []
