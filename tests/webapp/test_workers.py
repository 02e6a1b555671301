"""Workers as the web floor sees them: alive, gone without a goodbye, and their machines."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from webapp import workers

GPU = {"id": "GPU-1", "name": "H200", "busy": 0.5, "memory": {"used": 10, "total": 80}}


def said(role: str = "training", *, host: str = "here", pid: int = 1, ago: float = 1.0, **given) -> tuple[str, str]:
    """A worker's name, and what it said so many seconds ago."""
    now = datetime.now(UTC)
    body = {
        "role": role, "host": host, "pid": pid, "since": (now - timedelta(hours=1)).isoformat(),
        "at": (now - timedelta(seconds=ago)).isoformat(), "doing": [], "slots": [], "machine": None,
    }  # fmt: skip
    return f"{role}@{host}:{pid}", json.dumps(body | given)


def machine(**given) -> dict:
    return {"cores": 4, "busy": 0.25, "load": 1.5, "memory": {"used": 3, "total": 8}, "gpus": []} | given


@pytest.fixture
def redis(valkey):
    """A Redis in which workers appear: `redis(*said, alive=…)`."""
    valkey.client.flushall()

    def appear(name: str, text: str, alive: bool = True) -> None:
        if alive:
            valkey.client.set(workers.PREFIX + name, "", ex=15)
        valkey.client.set(workers.SAID + name, text, ex=60)

    yield appear
    valkey.client.flushall()


def test_nobody(redis):
    assert workers.workers() == []
    assert workers.slots([]) == 0


def test_who_is_alive_and_who_went_without_a_goodbye(redis):
    deed = {"what": "run", "id": "abc", "device": None, "since": "2026-01-31T12:00:00+00:00"}
    redis(*said(pid=1, slots=[None, None], doing=[deed]))
    redis(*said(pid=2, slots=[None], ago=300), alive=False)
    redis(*said("ingest", pid=3))
    found = workers.workers()
    assert [(worker.role, worker.pid, worker.alive) for worker in found] == [
        ("training", 1, True), ("ingest", 3, True), ("training", 2, False),
    ]  # fmt: skip
    assert (found[0].doing[0].id, found[0].slots, workers.slots(found)) == ("abc", 2, 2)


def test_a_worker_with_a_wrong_clock_was_not_heard_hours_ago_nor_in_the_future(redis):
    redis(*said(pid=1, ago=9000))
    redis(*said(pid=2, ago=-9000))
    now = datetime.now(UTC)
    assert all(abs(now - worker.at) < timedelta(seconds=20) for worker in workers.workers())


def test_workers_of_one_machine_share_it(redis):
    redis(*said(pid=1, ago=9, machine=machine(gpus=[GPU], busy=0.1)))
    redis(*said(pid=2, ago=1, machine=machine(gpus=[GPU, {"id": "GPU-2", "error": "no driver"}], busy=0.9)))
    redis(*said(pid=3, host="there", machine=machine(cores=64)))
    redis(*said(pid=4, host="gone", machine=machine()), alive=False)
    here, there = workers.machines(workers.workers())
    assert (here.host, here.busy, [gpu.id for gpu in here.gpus]) == ("here", 0.9, ["GPU-1", "GPU-2"])
    assert (here.gpus[0].used, here.gpus[0].busy, here.gpus[1].error) == (10, 0.5, "no driver")
    assert (there.host, there.cores, there.gpus) == ("there", 64, [])


def test_the_memory_of_a_run_is_that_of_the_largest_gpu_else_of_the_largest_machine(redis, monkeypatch):
    assert workers.memory("auto") is None
    redis(*said(pid=1, machine=machine(memory={"used": 1, "total": 64})))
    redis(*said(pid=2, host="there", machine=machine(memory={"used": 1, "total": 32})))
    assert workers.memory("auto") == workers.memory("cpu") == 64
    redis(*said(pid=3, host="third", machine=machine(gpus=[GPU, {"id": "GPU-2", "error": "no driver"}])))
    assert (workers.memory("auto"), workers.memory("cpu")) == (GPU["memory"]["total"], 64)
