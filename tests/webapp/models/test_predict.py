"""Inputs to a model: what is refused before a worker is asked, and what its lines become."""

from __future__ import annotations

import json

import pytest

from webapp import workers
from webapp.models import limits, replies, services
from webapp.models.models import Model

pytestmark = pytest.mark.django_db(transaction=True)

LABEL = {"label": "soft", "probabilities": {"soft": 0.9, "hard": 0.1}}


@pytest.fixture
def model(alice, make):
    """A published classifier, as far as the web process knows it."""
    model = make.model(alice.personal_team, alice)
    Model.objects.filter(id=model.id).update(task="classification")
    model.refresh_from_db()
    return model


@pytest.fixture
def worker(valkey, monkeypatch):
    """In the place of the inference worker: writes the lines that a test gives, and keeps what it was ``asked``."""

    class Worker:
        lines = ({"kind": "outputs", "outputs": [LABEL]}, {"kind": "done", "seed": None, "cancelled": False})
        asked: list = []

        def __call__(self, task: str, args: list, **options: object) -> None:
            reply, *rest = args
            self.asked.append((task, *rest))
            for line in self.lines:
                valkey.client.xadd(f"{replies.REPLY}{reply}", {"json": json.dumps({"id": reply, **line})})

    worker = Worker()
    worker.asked = []
    monkeypatch.setattr(workers, "names", lambda: ["inference@elsewhere:1"])
    monkeypatch.setattr(replies.app, "send_task", worker)
    return worker


@pytest.fixture
def ask(server, model, alice, token):
    plain = token(alice)
    return lambda body, of=model: server.request("POST", f"/api/v1/models/{of.id}/predict", token=plain, body=body)


def test_outputs_are_those_of_all_lines(ask, worker, model):
    worker.lines = (
        {"kind": "outputs", "outputs": [LABEL] * 8},
        {"kind": "outputs", "outputs": [LABEL]},
        worker.lines[1],
    )
    answer = ask({"inputs": ["a"] * 9, "explain": True})
    assert (answer.status, answer.json()) == (200, {"outputs": [LABEL] * 9})
    assert worker.asked == [("jobs.inference.predict", model.newest.id, {"inputs": ["a"] * 9, "explain": True})]


def test_what_the_model_does_not_know_comes_with_its_answer(server, ask, worker, alice, make, token):
    unknown = {"unknown": ["zyx"], "unknown_at": [[0, 3]], "tokens_read": 2}
    done = {"kind": "done", "seed": None, "cancelled": False}
    worker.lines = ({"kind": "outputs", "outputs": [LABEL | unknown, LABEL]}, done)
    assert ask({"inputs": ["zyx a", "a"]}).json() == {"outputs": [LABEL | unknown, LABEL]}
    written = {"kind": "tokens", "text": 0, "tokens": [{"token": "b", "probability": 1.0}]}
    texts = {"texts": [{"text": "b", "tokens": written["tokens"]}], "seed": 7}
    writer = make.model(alice.personal_team, alice)
    for said in (unknown, {}):
        worker.lines = (written, {**done, "seed": 7, **said})
        answer = server.request(
            "POST", f"/api/v1/models/{writer.id}/generate", token=token(alice), body={"prompt": "zyx a"}
        )
        assert answer.json() == texts | said


def test_options_that_were_not_given_are_not_sent(ask, worker):
    assert ask({"inputs": [{"text": "a"}, ["a", "b"], [0.5, 1]]}).status == 200
    assert worker.asked[0][2] == {"inputs": [{"text": "a"}, ["a", "b"], [0.5, 1]]}


def test_what_the_model_cannot_read_is_named(ask, worker):
    worker.lines = ({"kind": "error", "error": "inputs.3: has no token", "hint": "", "field": "inputs.3"},)
    answer = ask({"inputs": ["a", "b", ""]})
    assert (answer.status, answer.json()["errors"]) == (
        422, [{"field": "inputs.3", "message": "inputs.3: has no token"}])  # fmt: skip


def test_an_error_half_way_is_an_error(ask, worker):
    died = {"kind": "error", "error": "The inference process died.", "hint": "Try again.", "field": None}
    worker.lines = ({"kind": "outputs", "outputs": [LABEL]}, died)
    assert ask({"inputs": ["a", "b"]}).status == 503


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "inputs"),
        ({"inputs": "a"}, "inputs"),
        ({"inputs": []}, "inputs"),
        ({"inputs": ["a"] * 1001}, "inputs"),
        ({"inputs": ["a" * 90_000] * 12}, "inputs"),
        ({"inputs": ["a", "a" * 100_001]}, "inputs.2"),
        ({"inputs": ["a", ["word"] * 500], "explain": True}, "inputs.2"),
        ({"inputs": ["a"], "colour": "red"}, "colour"),
        ({"inputs": ["a"], "beam_size": 0}, "beam_size"),
        ({"inputs": ["a"], "beam_size": 65}, "beam_size"),
        ({"inputs": ["a"], "alternatives": 10**9}, "alternatives"),
        ({"inputs": ["a"], "explain": "very"}, "explain"),
    ],
)
def test_what_is_wrong_is_refused_before_a_worker_is_asked(ask, worker, body, field):
    answer = ask(body)
    assert (answer.status, answer.json()["errors"][0]["field"]) == (422, field), answer.body
    assert worker.asked == []


def test_each_kind_of_model_says_which_address_to_ask(server, ask, worker, model, alice, make, token):
    writer = make.model(alice.personal_team, alice)
    answer = ask({"inputs": ["a"]}, of=writer)
    assert answer.status == 409
    assert "/generate" in answer.json()["detail"]
    answer = server.request("POST", f"/api/v1/models/{model.id}/generate", token=token(alice), body={"prompt": "a"})
    assert answer.status == 409
    assert "/predict" in answer.json()["detail"]
    labelled = {"prompt": "a", "label": "waltz"}
    answer = server.request("POST", f"/api/v1/models/{writer.id}/generate", token=token(alice), body=labelled)
    assert (answer.status, answer.json()["errors"][0]["field"]) == (422, "label")
    assert worker.asked == []


def test_without_a_worker_it_says_so(ask, valkey, monkeypatch):
    monkeypatch.setattr(workers, "names", list)
    answer = ask({"inputs": ["a"]})
    assert answer.status == 503
    assert "No inference worker" in answer.json()["detail"]


def test_a_shared_link_answers_so_often_a_minute_until_it_is_revoked(server, worker, model, alice, monkeypatch):
    monkeypatch.setattr(limits, "PER_ADDRESS", 3)
    monkeypatch.setattr(limits, "WINDOW", 3600)  # no test runs over the end of this one
    share, path = services.share(user=alice, model=model)
    ask = lambda body: server.request("POST", f"{path}/predict", body=body)  # noqa: E731
    assert ask({"inputs": ["a"]}).json() == {"outputs": [LABEL]}
    wrong = ask({"inputs": ["a"], "colour": 1})
    assert (wrong.status, wrong.json()["errors"][0]["field"]) == (422, "colour")
    assert ask({"inputs": ["a"] * 101}).status == 422
    assert [ask({"inputs": ["a"]}).status for _ in range(2)] == [200, 429]
    assert server.request("GET", path).status == 200
    services.revoke(user=alice, share=share)
    assert ask({"inputs": ["a"]}).status == 404
