"""What is done with data, runs and models gets its line in the team's history."""

from __future__ import annotations

import pytest

from webapp.datasets import services as datasets
from webapp.models import services as models
from webapp.runs import services as runs
from webapp.teams.models import Entry

pytestmark = pytest.mark.django_db


def deeds(team) -> list[tuple[str, str, str]]:
    return list(Entry.objects.filter(team_id=team.id).order_by("id").values_list("what", "kind", "thing"))


def test_data(bob, team):
    dataset = datasets.create_from_text(user=bob, team=team, name="foxes", text="the quick brown fox")
    datasets.rename(user=bob, dataset=dataset, name="hounds")
    datasets.rename(user=bob, dataset=dataset, name="hounds")
    datasets.delete(user=bob, dataset=dataset)
    assert deeds(team)[1:] == [
        ("created", "dataset", "foxes"), ("renamed", "dataset", "hounds"), ("deleted", "dataset", "hounds"),
    ]  # fmt: skip


def test_runs(bob, team, make):
    dataset = make.read(team)
    run = runs.start(user=bob, team=team, dataset=dataset, recipe={"task": {"kind": "language_model"}}, name="a run")
    runs.pause(user=bob, run=run)
    runs.pause(user=bob, run=run)
    runs.resume(user=bob, run=run)
    runs.front(user=bob, run=run)
    for _ in range(2):
        runs.stop(user=bob, run=run)
    runs.rename(user=bob, run=run, name="my run")
    runs.delete(user=bob, run=run)
    assert [what for what, kind, _ in deeds(team) if kind == "run"] == [
        "started", "paused", "resumed", "moved", "stopped", "renamed", "deleted"]  # fmt: skip


def test_models(bob, team, make):
    model = make.model(team, bob)
    models.update(user=bob, model=model, name="cubs", card={"description": "writes of foxes"})
    link, _ = models.share(user=bob, model=model)
    for _ in range(2):
        models.revoke(user=bob, share=link)
    models.delete(user=bob, model=model)
    assert deeds(team)[1:] == [
        ("published", "model", "foxes"), ("changed", "model", "cubs"), ("shared", "model", "foxes"),
        ("revoked", "model", "foxes"), ("deleted", "model", "cubs")]  # fmt: skip
