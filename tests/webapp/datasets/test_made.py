"""Data that is made here: every kind, in one click and by REST, and what cannot be made."""

from __future__ import annotations

import pytest
from django.conf import settings

from jobs import ingest
from rnncore import catalog
from rnncore.data import synthetic
from webapp.datasets import made
from webapp.datasets.models import Dataset
from webapp.datasets.store import DatasetStore
from webapp.datasets.tasks import proposed, servable
from webapp.teams.models import Membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(client, alice, token):
    headers = {"Authorization": f"Bearer {token(alice)}"}
    return lambda **body: client.post("/api/v1/datasets", body, content_type="application/json", headers=headers)


@pytest.mark.parametrize("kind", synthetic.NAMES)
def test_each_kind_serves_the_task_that_it_is_meant_for(post, kind):
    answer = post(name="made", synthetic={"name": kind, "count": 2000 if kind == "grammar" else 200, "seed": 3})
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert body["synthetic"]["optimum"]["words"]
    assert body["synthetic"]["optimum"].keys() == {"loss", "metrics", "words"}
    store = DatasetStore()
    ingest.read(store, store.claim("reader"))
    version = Dataset.objects.get(id=body["id"]).version
    assert version.status == "ready", version.error
    if (task := made.KINDS[kind].task) in catalog.TASKS:
        assert task in servable(version)
        assert proposed(version) == task


def test_what_is_made_is_what_the_command_writes(post, tmp_path):
    body = post(name="sums", synthetic={"name": "sum_mod_10", "count": 100, "seed": 7}).json()
    version = Dataset.objects.get(id=body["id"]).version
    synthetic.write("sum_mod_10", tmp_path / "same.csv", 100, 7)
    assert (settings.DATA / version.source).read_bytes() == (tmp_path / "same.csv").read_bytes()
    assert (version.filename, body["name"], body["status"]) == ("sum_mod_10.csv", "sums", "processing")
    assert {name: body["synthetic"][name] for name in ("name", "count", "seed")} == {
        "name": "sum_mod_10", "count": 100, "seed": 7}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"synthetic": {"name": "gold"}}, "synthetic.name"),
        ({"synthetic": {"name": "sum", "count": 0}}, "synthetic.count"),
        ({"synthetic": {"name": "sum", "count": 10**9}}, "synthetic.count"),
        ({"synthetic": {"name": "sum", "seed": -1}}, "synthetic.seed"),
        ({"synthetic": {"name": "sum", "colour": "red"}}, "synthetic.colour"),
        ({"synthetic": {"name": "sum"}, "text": "both"}, "text"),
        ({"synthetic": {}}, "synthetic.name"),
        ({}, "text"),
    ],
)
def test_what_cannot_be_made_is_refused_at_the_field(post, body, field):
    before = set((settings.DATA / "uploads").glob("*"))
    answer = post(name="made", **body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert not Dataset.objects.exists()
    assert set((settings.DATA / "uploads").glob("*")) == before, "nothing is left behind"


def test_one_click(client, alice):
    client.force_login(alice)
    assert {choice.name for choice in client.get("/datasets/").context["synthetic_choices"]} == set(synthetic.NAMES)
    assert "Sum modulo ten" in client.get("/datasets/synthetic/").content.decode()
    answer = client.post("/datasets/synthetic/", {"name": "seasonal"})
    dataset = Dataset.objects.get()
    assert answer.headers["Location"] == f"/datasets/{dataset.id}/"
    assert (dataset.name, dataset.synthetic["seed"]) == ("Seasonal series", 1)
    for wrong in ({"name": "gold"}, {"name": "sum", "count": "0"}, {"name": "sum", "count": "999999999"}):
        assert client.post("/datasets/synthetic/", wrong).status_code == 422


def test_who_only_looks_makes_nothing(client, alice, bob, token):
    team = alice.personal_team
    Membership.objects.filter(user=bob, team=team).update(role="viewer")
    body = {"name": "made", "synthetic": {"name": "sum"}, "team_id": team.id}
    headers = {"Authorization": f"Bearer {token(bob)}"}
    assert client.post("/api/v1/datasets", body, content_type="application/json", headers=headers).status_code == 403
    assert not Dataset.objects.exists()
