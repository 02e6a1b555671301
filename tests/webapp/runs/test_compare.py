"""Runs beside one another."""

from __future__ import annotations

import pytest
from django.http import Http404

from webapp.problems import Invalid
from webapp.runs import compare, services
from webapp.runs.models import Run

pytestmark = pytest.mark.django_db


def recipe(kind: str = "language_model", **network) -> dict:
    return {"task": {"kind": kind}, "network": {"cell": "lstm", "hidden_size": 64, "tied": False, **network}}


@pytest.fixture
def two(alice, make):
    data = make.dataset(alice.personal_team)
    runs = [
        make.run(alice.personal_team, dataset=data, name=name, recipe=recipe(**network))
        for name, network in (("small", {"tied": True}), ("large", {"hidden_size": 128}))
    ]
    for run, loss in zip(runs, (1.5, 1.25), strict=True):
        run.best = {"step": 100, "loss": loss, "metrics": {"perplexity": 4.5}}
        run.baselines = {"3-gram": {"loss": 1.4, "metrics": {}}, "uniform": {"loss": 3.0, "metrics": {}}}
        run.save()
    return runs


def test_only_what_differs(two):
    differ, same = compare.recipes(two)
    assert {row.label: row.texts for row in differ} == {"Hidden size": ["64", "128"], "Tied embeddings": ["yes", "no"]}
    assert ("Cell", "lstm") in same


def test_who_is_ahead_and_who_does_not_beat_the_baseline(two):
    rows = {row.label: row for row in compare.figures(two)}
    assert (rows["Best validation loss"].texts, rows["Best validation loss"].best) == (["1.500", "1.250"], 1)
    assert rows["Perplexity"].best is None  # both are the same
    assert rows["Strongest baseline"].texts == ["3-gram 1.400 (not beaten)", "3-gram 1.400"]


def test_what_cannot_be_compared_is_said(alice, make, two):
    other = make.run(alice.personal_team, recipe=recipe("classification"))
    assert compare.warnings(two) == []
    words = " ".join(compare.warnings([*two, other]))
    assert "different tasks (classification, language model)" in words
    assert "different data" in words


def test_which_runs_are_asked_for(alice, charlie, make, two):
    ids = [run.id for run in two]
    assert compare.asked(alice, f"{ids[1]}, {ids[0]},{ids[1]}") == two[::-1]
    theirs = make.run(charlie.personal_team)
    for text in (f"{ids[0]},{theirs.id}", "made up", f"{ids[0]},<b>"):
        with pytest.raises(Http404):
            compare.asked(alice, text)
    with pytest.raises(Invalid, match="9 runs are too many"):
        compare.asked(alice, ",".join("abcdefghi"))


def test_the_page(client, alice, charlie, make, two, django_assert_max_num_queries):
    client.force_login(alice)
    ids = [run.id for run in two]
    assert "No runs are chosen" in client.get("/runs/compare/").content.decode()
    assert "be compared?" in client.get(f"/runs/compare/?runs={ids[0]}").content.decode()
    more = [make.run(alice.personal_team, dataset=two[0].version.dataset, name="<b>x</b>").id for _ in range(6)]
    with django_assert_max_num_queries(12):
        page = client.get(f"/runs/compare/?runs={','.join(ids)}").content.decode()
    with django_assert_max_num_queries(12):
        eight = client.get(f"/runs/compare/?runs={','.join(ids + more)}").content.decode()
    assert "In what their recipes differ" in page
    assert "<b>x</b>" not in eight
    assert "Add a run" not in eight
    assert client.get(f"/runs/compare/?runs={','.join('abcdefghi')}").status_code == 422
    client.force_login(charlie)
    assert client.get(f"/runs/compare/?runs={','.join(ids)}").status_code == 404


def test_where_they_stand_is_asked_for_by_the_page_alone(as_, alice, charlie, two, django_assert_max_num_queries):
    ids = [run.id for run in two]
    client, outside = as_(alice), as_(charlie)
    ask = lambda client: client.get(f"/runs/compare/?runs={','.join(ids)}", headers={"HX-Request": "true"})  # noqa: E731
    assert ask(client).status_code == 200
    Run.objects.filter(id=ids[0]).update(status="running", wanted="pause", last_seq=7)
    with django_assert_max_num_queries(10):
        page = ask(client).content.decode()
    assert f'data-run="{ids[0]}" data-status="running" data-seq="7"' in page
    assert "Pausing" in page
    assert "Steps so far" in page
    assert "In what their recipes differ" not in page
    services.delete(user=alice, run=two[1])
    page = ask(client).content.decode()
    assert f'data-run="{ids[1]}" data-status="deleted"' in page, "its column stays while it can be brought back"
    assert f"/runs/{ids[1]}/" not in page
    Run.everything.filter(id=ids[1]).delete()
    assert ids[1] not in ask(client).content.decode()
    assert ask(outside).status_code == 404


def test_figures_have_their_place_before_there_are_any(make, alice):
    waiting = [make.run(alice.personal_team) for _ in range(2)]
    before = [row.label for row in compare.figures(waiting)]
    waiting[0].best = {"step": 1, "loss": 0.5, "metrics": {}}
    assert [row.label for row in compare.figures(waiting)] == before
    for run in waiting:
        run.best, run.status = None, "stopped"
    assert "Device" not in [row.label for row in compare.figures(waiting)]
