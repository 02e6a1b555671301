"""Which workers are alive, what they do, and what their machines have: read from Redis (see :mod:`jobs.presence`)."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import redis
from django.conf import settings
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

PREFIX, SAID = "unroll:worker:", "unroll:said:"
PATIENCE = 0.5  # seconds: who asks is a person who waits, or a health check
FRESH = 1.0  # seconds for which an answer is used again


@dataclass(frozen=True)
class Deed:
    """What a worker does: ``what`` is run, version or model with an ``id``, or measure. ``device``: the GPU it has."""

    what: str
    id: str
    device: str | None
    since: datetime


@dataclass(frozen=True)
class Gpu:
    """``used`` and ``total`` are bytes of its memory, ``busy`` a share of 1 or None where the driver does not say."""

    id: str
    name: str = "GPU"
    used: int = 0
    total: int = 0
    busy: float | None = None
    error: str = ""


@dataclass(frozen=True)
class Machine:
    """``busy`` is the share of all its processors, ``load`` the average of a minute, ``used`` and ``total`` bytes."""

    host: str
    cores: int
    busy: float
    load: float
    used: int
    total: int
    gpus: list[Gpu] = field(default_factory=list)


@dataclass(frozen=True)
class Worker:
    """``at`` is when it was last heard; one that is not ``alive`` went without a goodbye."""

    name: str
    role: str
    host: str
    pid: int
    alive: bool
    since: datetime
    at: datetime
    doing: list[Deed]
    slots: int
    machine: Machine | None


def client(url: str) -> redis.Redis:
    """A client that does not try for long."""
    once = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(
        url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=once, decode_responses=True
    )


_client = client(settings.REDIS_URL)
_seen: tuple[float, list[str]] = (0.0, [])


def names() -> list[str]:
    """The workers that are alive. Raises redis.RedisError."""
    global _seen
    if time.monotonic() - _seen[0] > FRESH:
        _seen = (time.monotonic(), sorted(_keys(PREFIX)))
    return _seen[1]


def alive(role: str) -> int | None:
    """How many workers of a role are alive; None when Redis does not answer."""
    try:
        return sum(name.startswith(f"{role}@") for name in names())
    except redis.RedisError:
        return None


def workers() -> list[Worker]:
    """The workers that are alive, and those of the last hour that went without a goodbye. Raises redis.RedisError."""
    there, said = set(_keys(PREFIX)), sorted(_keys(SAID))
    texts = _client.mget([SAID + name for name in said]) if said else []
    found = [_worker(name, json.loads(text), name in there) for name, text in zip(said, texts, strict=True) if text]
    return sorted(found, key=lambda worker: (not worker.alive, worker.role != "training", worker.role, worker.since))


def machines(known: list[Worker]) -> list[Machine]:
    """The machines that are trained on, as their newest report has them; the GPUs of all the workers on each."""
    speaking = sorted((w for w in known if w.alive and w.machine), key=lambda worker: (worker.host, worker.at))
    found = []
    for _, group in groupby(speaking, key=lambda worker: worker.host):
        each = [worker.machine for worker in group if worker.machine]
        gpus = {gpu.id: gpu for machine in each for gpu in machine.gpus}
        found.append(Machine(**{**vars(each[-1]), "gpus": list(gpus.values())}))
    return found


def memory(device: str | None) -> int | None:
    """Bytes that one run can have here at most: of the largest GPU, where there is one and ``device`` is not the
    processor, else of the largest machine. None where no machine that trains has said so, or Redis does not answer."""
    try:
        there = machines(workers())
    except redis.RedisError:
        return None
    gpus = [gpu.total for machine in there for gpu in machine.gpus if gpu.total]
    totals = gpus if gpus and device != "cpu" else [machine.total for machine in there]
    return max(totals, default=None)


def slots(known: list[Worker]) -> int:
    """How many runs are trained side by side by those that are alive."""
    return sum(worker.slots for worker in known if worker.alive)


def _keys(prefix: str) -> list[str]:
    return [key.removeprefix(prefix) for key in _client.scan_iter(f"{prefix}*", count=1000)]


def _worker(name: str, said: dict[str, Any], alive: bool) -> Worker:
    at = datetime.fromisoformat(said["at"])
    # Clocks of two machines differ: what is alive was heard within the life of its key, whatever its clock says.
    at = min(max(at, timezone.now() - timedelta(seconds=15)), timezone.now()) if alive else at
    return Worker(
        name=name, role=said["role"], host=said["host"], pid=said["pid"], alive=alive, at=at,
        since=datetime.fromisoformat(said["since"]), slots=len(said["slots"]),
        doing=[Deed(**{**deed, "since": datetime.fromisoformat(deed["since"])}) for deed in said["doing"]],
        machine=said["machine"] and _machine(said["host"], said["machine"]),
    )  # fmt: skip


def _machine(host: str, said: dict[str, Any]) -> Machine:
    gpus = [
        Gpu(id=gpu["id"], error=gpu["error"])
        if "error" in gpu
        else Gpu(id=gpu["id"], name=gpu["name"], busy=gpu["busy"], **gpu["memory"])
        for gpu in said["gpus"]
    ]
    return Machine(host, said["cores"], said["busy"], said["load"], **said["memory"], gpus=gpus)
