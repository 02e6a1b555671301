"""Data that the weights to start from do not know: refused before a run is queued, at the field that names them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings

from rnncore.data import tokens
from webapp.models.models import Model
from webapp.models.store import folder as model_folder
from webapp.runs.models import Run
from webapp.runs.selectors import checkpoint_of

pytestmark = pytest.mark.django_db
RECIPE = {"task": {"kind": "language_model"}, "training": {"max_steps": 5}}
FILLED = {
    "task": {"kind": "language_model", "tokens": "char"},
    "network": {"cell": "gru", "hidden_size": 24, "num_layers": 1, "embedding_size": 8},
}
SAID = "do not know 97.7% of its characters"


def knows(path: Path, text: str) -> None:
    """Makes a folder one of weights that know the characters of a text."""
    tokenizer = tokens.build("char", [text])
    tokenizer.save(path / "tokenizer.json")
    description = {"task": "language_model", "vocabulary_size": tokenizer.vocabulary_size}
    (path / "network.json").write_text(json.dumps(description))
    (path / "recipe.json").write_text(json.dumps(FILLED))


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr("webapp.runs.services.wake", lambda *_: None)
    monkeypatch.setattr("webapp.runs.services.publish_run", lambda *_, **__: None)


@pytest.fixture
def model(alice, make) -> Model:
    """It knows Cyrillic letters and the end of a line."""
    model = make.model(alice.personal_team, alice)
    knows(model_folder(model.newest_id), "война и мир\n".replace(" ", ""))
    return model


@pytest.fixture
def dataset(alice, make):
    return make.read(alice.personal_team)


@pytest.fixture
def ask(client, alice, token, dataset):
    headers = {"Authorization": f"Bearer {token(alice)}"}

    def ask(address: str, **more):
        body = {"dataset_id": dataset.id, "recipe": RECIPE, **more}
        return client.post(f"/api/v1/{address}", body, content_type="application/json", headers=headers)

    return ask


@pytest.mark.parametrize("address", ["plan", "runs"])
def test_a_script_is_told_at_the_field_that_names_the_weights(ask, model, address):
    before, runs = set(Path(settings.DATA / "runs").iterdir()), Run.objects.count()
    run = model.newest.run
    knows(checkpoint_of(run, "best").folder, "война\n")
    for field, wanted in (("from_model_id", model.id), ("from_run_id", run.id)):
        answer = ask(address, **{field: wanted})
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["field"]) == (422, field)
        assert SAID in error["message"]
        assert "start without them" in error["message"]
    assert set(Path(settings.DATA / "runs").iterdir()) == before
    assert Run.objects.count() == runs


def test_data_that_they_know_is_planned_and_queued_with_their_network(ask, model, make):
    knows(model_folder(model.newest_id), make.text)
    plain, planned = ask("plan").json(), ask("plan", from_model_id=model.id).json()
    assert planned["recipe"]["network"]["hidden_size"] == 24
    assert planned["parameters"] != plain["parameters"]
    queued = ask("runs", from_model_id=model.id)
    assert (queued.status_code, queued.json()["from_model_id"]) == (201, model.id)
    assert ask("plan", from_model_id="x").status_code == 404
    assert ask("plan", checkpoint=3).json()["errors"][0]["field"] == "checkpoint"


def test_the_page_says_it_at_its_field_while_one_chooses(client, alice, model, dataset):
    client.force_login(alice)
    body = {"dataset": dataset.id, "start": f"model:{model.id}:1"}
    estimate = client.post("/runs/new/estimate/", body).content.decode()
    assert SAID in estimate
    before = Run.objects.count()
    answer = client.post("/runs/new/", body)
    assert answer.status_code == 422
    assert SAID in answer.content.decode()
    assert Run.objects.count() == before
    shown = client.get("/runs/new/", body)
    assert SAID in shown.content.decode(), "and where the address names the weights"
