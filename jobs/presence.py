"""Workers that are alive say so in Redis: a key ``unroll:worker:<role>@<host>:<pid>`` that expires.

Whoever shows or checks the workers counts the keys; asking the workers themselves would take a second each time. What a
worker has to say of itself stands beside it under ``unroll:said:…``, which stays for an hour: a worker whose first key
is gone and whose second one is there did not say goodbye. :mod:`webapp.workers` reads both.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import redis
from celery.signals import worker_ready, worker_shutting_down
from django.conf import settings

from jobs import machine
from jobs.shutdown import stopping

PREFIX, SAID = "unroll:worker:", "unroll:said:"
EXPIRES = 15  # seconds
REMEMBERED = 3600  # seconds
EVERY = 4.0

_doing: dict[int, dict[str, Any]] = {}  # by a number of their own
_slots: list[str | None] = []
_news = threading.Event()


def role_of(consumer) -> str:
    """The role of a worker, which consumes the one queue of that name."""
    return next(iter(consumer.app.amqp.queues.consume_from))


def worker_name(role: str, pid: int | None = None) -> str:
    """``training@host:4711``, by default of this process."""
    return f"{role}@{socket.gethostname()}:{pid or os.getpid()}"


@contextlib.contextmanager
def doing(what: str, thing: str = "", device: str | None = None) -> Iterator[None]:
    """Says while it lasts what this worker does: ``run``, ``version`` or ``model`` with an id, or ``measure``."""
    body = {"what": what, "id": thing, "device": device, "since": _now()}
    _doing[id(body)] = body
    _news.set()
    try:
        yield
    finally:
        del _doing[id(body)]
        _news.set()


def has_slots(devices: list[str | None]) -> None:
    """What this worker trains on, one entry a run at a time (see :mod:`jobs.slots`)."""
    _slots[:] = devices
    _news.set()


@worker_ready.connect
def _appear(sender, **_: object) -> None:
    threading.Thread(target=_stay, args=(role_of(sender),), name="presence", daemon=True).start()


@worker_shutting_down.connect
def _leave(**_: object) -> None:
    stopping.set()  # whichever of the receivers is called first
    _news.set()


def _stay(role: str) -> None:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    name, since = worker_name(role), _now()
    while not stopping.is_set():
        _news.clear()
        with contextlib.suppress(redis.RedisError), client.pipeline(transaction=False) as pipe:
            pipe.set(PREFIX + name, "", ex=EXPIRES)
            pipe.set(SAID + name, json.dumps(report(role, since)), ex=REMEMBERED)
            pipe.execute()
        _news.wait(EVERY)
    with contextlib.suppress(redis.RedisError):
        client.delete(PREFIX + name, SAID + name)


def report(role: str, since: str) -> dict[str, Any]:
    """What this worker says of itself now; one that trains also speaks for its machine."""
    return {
        "role": role, "host": socket.gethostname(), "pid": os.getpid(), "since": since, "at": _now(),
        "doing": list(_doing.copy().values()), "slots": list(_slots),
        "machine": machine.report(dict.fromkeys(filter(None, _slots))) if role == "training" else None,
    }  # fmt: skip


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
