"""Workers that are alive say so in Redis: a key ``unroll:worker:<role>@<host>:<pid>`` that expires.

Whoever shows or checks the workers counts the keys; asking the workers themselves would take a second each time.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading

import redis
from celery.signals import worker_ready
from django.conf import settings

from jobs.shutdown import stopping

PREFIX = "unroll:worker:"
EXPIRES = 15  # seconds
EVERY = 4.0


def role_of(consumer) -> str:
    """The role of a worker, which consumes the one queue of that name."""
    return next(iter(consumer.app.amqp.queues.consume_from))


def worker_name(role: str, pid: int | None = None) -> str:
    """``training@host:4711``, by default of this process."""
    return f"{role}@{socket.gethostname()}:{pid or os.getpid()}"


@worker_ready.connect
def _appear(sender, **_: object) -> None:
    key = PREFIX + worker_name(role_of(sender))
    threading.Thread(target=_stay, args=(key,), name="presence", daemon=True).start()


def _stay(key: str) -> None:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    while not stopping.is_set():
        with contextlib.suppress(redis.RedisError):
            client.set(key, "", ex=EXPIRES)
        stopping.wait(EVERY)
    with contextlib.suppress(redis.RedisError):
        client.delete(key)
