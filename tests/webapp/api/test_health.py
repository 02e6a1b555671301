"""Is the studio well?"""

from __future__ import annotations

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


def test_without_redis(settings, monkeypatch):
    import redis

    monkeypatch.setattr(workers, "_client", redis.Redis(port=1, socket_connect_timeout=0.5))
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
