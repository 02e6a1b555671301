"""Which workers are alive. Each keeps a key ``unroll:worker:<role>@<host>:<pid>`` in Redis that expires in 15 s."""

from __future__ import annotations

import time

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

PREFIX = "unroll:worker:"
PATIENCE = 0.5  # seconds: who asks is a person who waits, or a health check
FRESH = 1.0  # seconds for which an answer is used again


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
        found = [key.removeprefix(PREFIX) for key in _client.scan_iter(f"{PREFIX}*", count=1000)]
        _seen = (time.monotonic(), sorted(found))
    return _seen[1]


def alive(role: str) -> int | None:
    """How many workers of a role are alive; None when Redis does not answer."""
    try:
        return sum(name.startswith(f"{role}@") for name in names())
    except redis.RedisError:
        return None
