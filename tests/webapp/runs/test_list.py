"""The list of runs: narrowed, ordered, many of them dealt with at once, and brought back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.http import Http404
from django.utils import timezone

from jobs.ports import LeaseLost
from webapp.problems import Conflict
from webapp.runs import bulk, filters, selectors, services
from webapp.runs.models import Run
from webapp.runs.store import RunStore
from webapp.teams.models import Entry, Membership

pytestmark = pytest.mark.django_db


FRAGMENT = {"HTTP_HX_REQUEST": "true"}
RECIPES = {
    "poems": {"task": {"kind": "language_model"}, "network": {"cell": "gru"}},
    "names": {"task": {"kind": "classification"}, "network": {"cell": "lstm"}},
    "series": {"task": {"kind": "forecasting"}, "network": {"cell": "lstm"}},
}


@pytest.fixture
def api(client, alice, token):
    plain = token(alice)

    def ask(method: str, path: str):
        return client.generic(method, path, headers={"Authorization": f"Bearer {plain}"})

    return ask


@pytest.fixture
def runs(alice, make):
    made = {name: make.run(alice.personal_team, name=name, recipe=recipe) for name, recipe in RECIPES.items()}
    made["names"].best = {"step": 1, "loss": 0.5, "metrics": {}}
    made["series"].best = {"step": 1, "loss": 0.25, "metrics": {}}
    for run in made.values():
        run.created_by = alice
        run.save(update_fields=["best", "created_by"])
    Run.objects.filter(name="series").update(status="finished")
    return made


def shown(client, query: str) -> list[str]:
    page = client.get(f"/runs/{query}", **FRAGMENT).content.decode()
    return re.findall(r'id="run-\w+" href="[^"]+">([^<]+)<', page)


@pytest.mark.parametrize(("query", "names"), [
    ("", ["series", "names", "poems"]),
    ("?task=classification", ["names"]),
    ("?cell=lstm", ["series", "names"]),
    ("?status=finished", ["series"]),
    ("?cell=lstm&status=queued", ["names"]),
    ("?sort=name", ["names", "poems", "series"]),
    ("?sort=best", ["series", "names", "poems"]),
    ("?sort=status", ["series", "names", "poems"]),
    ("?q=oem", ["poems"]),
    ("?by={alice}&dataset={dataset}", ["names"]),
])  # fmt: skip
def test_the_list_is_what_its_address_says(as_, alice, runs, query, names):
    query = query.format(alice=alice.id, dataset=runs["names"].version.dataset_id)
    assert shown(as_(alice), query) == names


@pytest.mark.parametrize(("query", "name"), [
    ("status=sleeping", "status"), ("task=poetry", "task"), ("cell=%3Cb%3E", "cell"), ("sort=loss%27--", "sort"),
    ("dataset=../x", "dataset"), ("by=%C3%A9", "by"), ("page=7", "page"), ("page=-1", "page"), ("page=abc", "page"),
])  # fmt: skip
def test_what_somebody_made_up_is_said_and_left_out(as_, alice, runs, query, name):
    page = as_(alice).get(f"/runs/?{query}").content.decode()
    assert f"<code>{name}</code> was not understood" in page
    assert page.count("data-run=") == 3
    assert "<b>" not in page.split("was not understood")[1].split("</p>")[0]


def test_programs_narrow_the_list_too(api, runs):
    found = api("GET", "/api/v1/runs?task=classification&cell=lstm").json()
    assert [run["name"] for run in found["items"]] == ["names"]
    answer = api("GET", "/api/v1/runs?status=sleeping")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "status")
    answer = api("GET", "/api/v1/runs?sort=loss")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "sort")


def test_the_description_names_what_the_page_offers(client):
    schema = client.get("/api/v1/openapi.json").json()["paths"]["/api/v1/runs"]["get"]["parameters"]
    known = {one["name"]: one for one in schema}
    assert known["sort"]["schema"]["enum"] == list(filters.ORDERS)
    assert "`best`: lowest loss first" in known["sort"]["description"]
    assert {"q", *filters.CHOICES} < set(known)


@pytest.fixture
def many(alice, make):
    """Seven runs, alike in what they are ordered by or without it, and some not begun."""
    dataset, now = make.dataset(alice.personal_team), timezone.now()
    for place, (name, loss, begun, ended) in enumerate([
        ("b", 0.5, 9, 3), ("a", None, None, None), ("c", 0.25, 6, None), ("b", 0.5, 7, 1),
        ("é", None, None, None), ("a", 0.75, 5, None), ("B", 0.1, 8, 0),
    ]):  # fmt: skip
        run = make.run(alice.personal_team, dataset=dataset, name=name, status=("running", "failed")[place % 2])
        ago = {"started_at": begun, "ended_at": ended}
        for field, minutes in ago.items():
            setattr(run, field, None if minutes is None else now - timedelta(minutes=minutes))
        run.best = loss and {"step": 1, "loss": loss, "metrics": {}}
        run.save()


@pytest.mark.parametrize("sort", filters.ORDERS)
def test_programs_get_the_order_of_the_page_in_pages(api, as_, alice, many, sort):
    page = as_(alice).get(f"/runs/?sort={sort}", **FRAGMENT).content.decode()
    wanted, seen, cursor = re.findall(r'data-run="(\w+)"', page), [], ""
    for _ in wanted:
        answer = api("GET", f"/api/v1/runs?limit=2&sort={sort}{cursor}").json()
        seen += [run["id"] for run in answer["items"]]
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next']}"
        Run.objects.filter(id=seen[0]).update(deleted_at=timezone.now())  # what comes next does not hang on it
    assert len(set(wanted)) == 7
    assert seen == wanted
    other = "name" if sort == "best" else "best"
    refused = api("GET", f"/api/v1/runs?sort={other}{cursor}")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "cursor")
    assert "another order" in refused.json()["detail"]


def test_who_trains_on_is_not_left_out_of_the_longest(api, many):
    """What is not shown yet has trained longer than all that is, once the next page is asked for."""
    first = api("GET", "/api/v1/runs?limit=3&sort=time").json()
    shown = {run["id"] for run in first["items"]}
    Run.objects.filter(ended_at=None).exclude(id__in=shown).exclude(started_at=None).update(ended_at=_later())
    rest = api("GET", f"/api/v1/runs?sort=time&cursor={first['next']}").json()["items"]
    assert len(shown | {run["id"] for run in rest}) == 7


def _later():
    return timezone.now() + timedelta(hours=1)


def test_many_are_deleted_and_brought_back(as_, alice, runs):
    client, ids = as_(alice), [runs["poems"].id, runs["series"].id]
    said = client.post("/runs/act/", {"what": "delete", "run": ids}, **FRAGMENT).content.decode()
    assert "2 runs are deleted" in said
    assert all(f'value="{run_id}"' in said for run_id in ids)
    assert shown(client, "") == ["names"]
    assert client.get(f"/runs/{ids[0]}/").status_code == 404
    assert "poems" in client.get("/runs/deleted/").content.decode()
    client.post("/runs/act/", {"what": "restore", "run": ids})
    assert shown(client, "") == ["series", "names", "poems"]
    assert list(Entry.objects.filter(thing_id=ids[0]).values_list("what", flat=True).order_by("id"))[-2:] == [
        "deleted", "restored"
    ]  # fmt: skip


def test_many_are_stopped(as_, alice, runs):
    client = as_(alice)
    client.post("/runs/act/", {"what": "stop", "run": [runs["poems"].id, runs["series"].id]})
    states = {run.name: run.status for run in Run.objects.all()}
    assert states == {"poems": "stopped", "names": "queued", "series": "finished"}
    assert "“poems” is told to stop. “series” had ended already." in client.get("/runs/").content.decode()
    said = client.post("/runs/act/", {"what": "stop", "run": [runs["series"].id]}, **FRAGMENT).content.decode()
    assert "these runs have ended" in said
    assert not Entry.objects.filter(thing_id=runs["series"].id, what="stopped").exists()


def test_all_or_none(alice, bob, charlie, runs, make, as_):
    theirs = make.run(charlie.personal_team)
    for ids in ([runs["poems"].id, theirs.id], [runs["poems"].id, "made up"], []):
        with pytest.raises(Http404):
            bulk.act(user=alice, what="delete", ids=ids)
    assert Run.objects.count() == 4
    Membership.objects.filter(team=alice.personal_team, user=bob).update(role="viewer")
    client = as_(bob)
    client.post("/teams/switch/", {"team": alice.personal_team.id})
    assert client.post("/runs/act/", {"what": "stop", "run": [runs["poems"].id]}).status_code == 403
    assert 'value="delete"' not in client.get("/runs/").content.decode()
    assert as_(alice).post("/runs/act/", {"what": "explode", "run": [runs["poems"].id]}).status_code == 404


def test_what_changed_meanwhile_is_named_and_nothing_is_done(as_, alice, runs):
    client, ids = as_(alice), [run.id for run in runs.values()]
    services.delete(user=alice, run=runs["names"])
    services.delete(user=alice, run=runs["poems"])
    for what in ("stop", "delete"):
        refused = client.post("/runs/act/", {"what": what, "run": ids}, **FRAGMENT)
        assert refused.status_code == 409
        assert "“names” and “poems”: deleted meanwhile. Nothing was done" in refused.content.decode()
        assert client.post("/runs/act/", {"what": what, "run": ids}).status_code == 302
        assert "deleted meanwhile" in client.get("/runs/").content.decode()
    refused = client.post("/runs/act/", {"what": "restore", "run": ids}, **FRAGMENT)
    assert "“series”: not deleted (any more)" in refused.content.decode()
    assert [run.name for run in Run.objects.all()] == ["series"]


def test_where_one_fails_none_is_done_and_nobody_told(alice, runs, monkeypatch, django_capture_on_commit_callbacks):
    def failing(*, user, run):
        if run.name == "poems":  # the last of them
            raise Conflict("no")
        services.delete(user=user, run=run)

    monkeypatch.setitem(bulk.ACTS, "delete", ("delete", failing))
    with django_capture_on_commit_callbacks() as told, pytest.raises(Conflict):
        bulk.act(user=alice, what="delete", ids=[run.id for run in runs.values()])
    assert (Run.objects.count(), told) == (3, [])
    assert not Entry.objects.filter(what="deleted").exists()


def test_all_are_told_once_it_is_done(alice, runs, monkeypatch, django_capture_on_commit_callbacks):
    said = []
    monkeypatch.setattr(services, "publish_run", lambda run: said.append((run.name, run.status)))
    with django_capture_on_commit_callbacks(execute=True):
        bulk.act(user=alice, what="stop", ids=[runs["names"].id, runs["poems"].id])
        assert said == []
    assert sorted(said) == [("names", "stopped"), ("poems", "stopped")]


def test_a_run_deleted_while_it_trains_is_let_go_and_goes_on_when_it_is_back(alice, runs):
    store = RunStore()
    claim = store.claim("worker")
    run = Run.objects.get(id=claim.run_id)
    services.delete(user=alice, run=run)
    with pytest.raises(LeaseLost):
        store.renew(claim)
    with pytest.raises(LeaseLost):
        store.append(claim, [])
    services.restore(user=alice, run=selectors.deleted_of(alice).get())
    assert store.renew(claim) == ""  # its worker had not noticed
    assert Run.objects.get(id=run.id).status == "running"


def test_nobody_died_where_a_worker_let_go_of_a_deleted_run(alice, runs):
    store = RunStore()
    claim = store.claim("worker")
    for _ in range(4):
        services.delete(user=alice, run=Run.objects.get(id=claim.run_id))
        with pytest.raises(LeaseLost):
            store.renew(claim)
        services.restore(user=alice, run=selectors.deleted_of(alice).get())
        assert store.reap() == []
        old, claim = claim, store.claim("another worker")
        assert claim.run_id == old.run_id, "it has kept its place"
        with pytest.raises(LeaseLost):
            store.renew(old)
    assert Run.objects.get(id=claim.run_id).deaths == 0


def test_a_stop_that_was_asked_for_holds_when_it_is_back(alice, runs):
    claim = RunStore().claim("worker")
    run = Run.objects.get(id=claim.run_id)
    services.stop(user=alice, run=run)
    services.delete(user=alice, run=run)
    services.restore(user=alice, run=run)
    assert Run.objects.get(id=run.id).status == "stopped"


def test_what_is_gone_for_good_is_not_brought_back(alice, runs):
    services.delete(user=alice, run=runs["poems"])
    Run.everything.filter(id=runs["poems"].id).delete()
    with pytest.raises(Http404):
        services.restore(user=alice, run=runs["poems"])


def test_nobody_claims_counts_or_waits_for_what_is_deleted(alice, runs, api):
    services.delete(user=alice, run=runs["poems"])
    assert runs["poems"].id not in selectors.queue()
    claimed = RunStore().claim("worker")
    assert claimed.run_id == runs["names"].id
    assert RunStore().claim("worker") is None
    assert api("DELETE", f"/api/v1/runs/{runs['poems'].id}").status_code == 404


def test_pages_of_the_list_keep_what_it_was_narrowed_to(as_, alice, make):
    dataset = make.dataset(alice.personal_team)
    for number in range(30):
        make.run(alice.personal_team, dataset=dataset, name=f"run {number}", recipe=RECIPES["poems"])
    page = as_(alice).get("/runs/?cell=gru&sort=name").content.decode()
    assert "cell=gru" in re.search(r'rel="next" href="([^"]+)"', page)[1]
