"""The run store beyond what all stores promise: what a claim takes from the rows, who is told, what is tidied up."""

from __future__ import annotations

import json
import os

import pytest
from django.conf import settings
from django.db import OperationalError

from jobs.ports import Unavailable
from tests.jobs.desks import OrmDesk
from tests.webapp.runs.events import feed, progress, started
from webapp.datasets.models import Version
from webapp.runs import store
from webapp.runs.models import Run

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(tmp_path) -> OrmDesk:
    return OrmDesk(tmp_path)


@pytest.fixture
def told(monkeypatch) -> list:
    """What the viewers are told."""
    told: list = []
    monkeypatch.setattr(store, "publish", lambda *args: told.append(args))
    monkeypatch.setattr(store, "publish_run", lambda run, **_: told.append(run.status))
    return told


def test_a_claim_trains_the_filled_recipe_on_the_versions_of_the_row(desk):
    desk.queue("run", {"task": {"kind": "language_model"}})
    valid = Version.objects.create(dataset=desk.dataset, number=2, filename="valid.txt", sha256="cd" * 32)
    Run.objects.update(filled={"task": {"kind": "language_model", "tokens": "char"}}, valid_version=valid)
    claim = desk.runs.claim("w")
    assert claim.recipe["task"]["tokens"] == "char"
    assert claim.data.path == settings.DATA / "blobs" / "ab" / ("ab" * 32)
    assert (claim.valid.name, claim.test) == ("valid.txt", None)
    assert claim.folder == settings.DATA / "runs" / "run"


def test_who_watches_is_told_of_new_events_once(desk, told):
    desk.queue("run")
    claim = desk.runs.claim("w")
    body = feed(started(), progress(1))
    desk.runs.append(claim, body)
    desk.runs.append(claim, body)
    desk.runs.finish(claim, "finished")
    (run_id, first, last, frames) = told[1]
    assert (run_id, first, last, [json.loads(frame) for frame in frames]) == ("run", 1, 2, body)
    assert [what for what in told if isinstance(what, str)] == ["running", "running", "finished"]


def test_a_pause_is_no_end(desk):
    for name, status in (("paused", "paused"), ("over", "stopped")):
        desk.queue(name)
        desk.runs.finish(desk.runs.claim("w"), status)
    assert Run.objects.get(id="paused").ended_at is None
    assert Run.objects.get(id="over").ended_at is not None


def test_a_lost_database_is_unavailable_not_an_error(desk, monkeypatch):
    def gone(*args, **kwargs):
        raise OperationalError("server closed the connection unexpectedly")

    desk.queue("run")
    claim = desk.runs.claim("w")
    monkeypatch.setattr(store.feed, "append", gone)
    monkeypatch.setattr(store.Run.objects, "filter", gone)
    for call in (lambda: desk.runs.append(claim, feed(started())), lambda: desk.runs.renew(claim),
                 lambda: desk.runs.claim("w"), desk.runs.reap):  # fmt: skip
        with pytest.raises(Unavailable, match="closed the connection"):
            call()


def test_files_of_deleted_runs_are_swept_away(desk):
    desk.queue("kept")
    for name in ("kept", "gone"):
        store.folder(name).mkdir(parents=True, exist_ok=True)
    desk.runs.sweep()
    assert store.folder("gone").exists()  # of a run that is just being made, for all one knows
    for name in ("kept", "gone"):
        os.utime(store.folder(name), (0, 0))
    desk.runs.sweep()
    assert store.folder("kept").exists()
    assert not store.folder("gone").exists()
