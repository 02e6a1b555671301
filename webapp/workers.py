"""Which workers are alive. Each keeps a key ``unroll:worker:<role>@<host>:<pid>`` in Redis that expires in 15 s."""

from __future__ import annotations

import time

import redis
from django.conf import settings

PREFIX = "unroll:worker:"
PATIENCE = 0.5  # seconds: who asks is a person who waits, or a health check
FRESH = 1.0  # seconds for which an answer is used again

_client = redis.Redis.from_url(
    settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, decode_responses=True
)
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
