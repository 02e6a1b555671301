"""Is the studio well?"""

from __future__ import annotations

import socket

import pytest
from django.db import OperationalError
from django.test import Client

from webapp import workers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    monkeypatch.setattr(workers, "FRESH", -1.0)


def test_well(valkey):
    valkey.client.set("unroll:worker:training@here:1", 1, ex=15)
    valkey.client.set("unroll:worker:ingest@here:2", 1, ex=15)
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok", "redis": "ok", "workers": 2})
    assert workers.alive("training") == 1
    valkey.client.delete("unroll:worker:training@here:1", "unroll:worker:ingest@here:2")


@pytest.mark.parametrize("listening", [True, False], ids=["silent", "away"])
def test_without_redis(listening, monkeypatch):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        if listening:
            deaf.listen()
        monkeypatch.setattr(workers, "_client", workers.client(f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"))
        answer = Client().get("/healthz")
        assert answer.status_code == 503
        assert answer.json()["database"] == "ok"
        assert "does not answer" in answer.json()["redis"]
        assert workers.alive("training") is None


def test_without_a_database(valkey, monkeypatch):
    def away():
        raise OperationalError("no route to host")

    monkeypatch.setattr("webapp.api.health.connection.cursor", away)
    answer = Client().get("/healthz")
    assert answer.status_code == 503
    assert "no route to host" in answer.json()["database"]
