"""Telling the viewers: messages to channel groups from code that is not async and must not wait.

``run.<id>`` gets the events of a run, ``team.<id>`` where its runs stand. A message may be lost (Redis is away): every
viewer also asks the database every few seconds, so a loss costs seconds and is only logged.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

from channels.layers import get_channel_layer
from django.db import connection, transaction

from webapp.runs.models import Run

log = logging.getLogger(__name__)

ACCESS = "access"  # the group that hears of what was taken away
PENDING = 200  # messages on their way at most; with Redis away, the rest is dropped
TEAM_EVERY = 1.0  # seconds between two messages of one run to its team

_pending = threading.BoundedSemaphore(PENDING)
_away = False  # the last message was lost
_told: dict[str, float] = {}  # run id → when its team was last told


def publish(run_id: str, first_seq: int, last_seq: int, frames: Sequence[str]) -> None:
    """Hands the events ``first_seq`` to ``last_seq`` (as JSON texts) to the viewers of the run."""
    _send(f"run.{run_id}", {
        "type": "run.events", "run": run_id, "first": first_seq, "last": last_seq, "frames": list(frames),
    })  # fmt: skip


def publish_run(run: Run, *, at_once: bool = True) -> None:
    """Tells the team where the run stands; not ``at_once``: only when it was not told within the last second."""
    now = time.monotonic()
    if not at_once and now - _told.get(run.id, -TEAM_EVERY) < TEAM_EVERY:
        return
    _told[run.id] = now
    if run.ended_at:
        _told.pop(run.id)
    _send(f"team.{run.team_id}", {
        "type": "team.run", "run": run.id, "status": run.status, "step": run.step, "steps": run.steps,
        "loss": run.latest.get("loss"), "sparkline": run.sparkline,
    })  # fmt: skip


def publish_deleted(run: Run) -> None:
    """Tells the team that the run is out of sight, and whoever watches it."""
    _told.pop(run.id, None)
    _send(f"team.{run.team_id}", {"type": "team.run", "run": run.id, "status": "deleted"})
    _send(f"run.{run.id}", {"type": "run.deleted"})


def publish_access(*user_ids: str) -> None:
    """Something was taken from these people (a role, a token): what is open to them is looked at again at once."""
    _send(ACCESS, {"type": "access.changed", "users": list(user_ids)})


def _send(group: str, message: dict[str, Any]) -> None:
    """Sends it once what it tells of can be read: where a transaction is open, when that has ended well."""
    if connection.in_atomic_block:
        transaction.on_commit(partial(_hand_over, group, message))
    else:
        _hand_over(group, message)


def _hand_over(group: str, message: dict[str, Any]) -> None:
    if _pending.acquire(blocking=False):
        asyncio.run_coroutine_threadsafe(_deliver(group, message), _loop())


async def _deliver(group: str, message: dict[str, Any]) -> None:
    global _away
    try:
        async with asyncio.timeout(5):
            await get_channel_layer().group_send(group, message)
        _away = False
    except Exception as error:  # whatever a broken connection raises: nobody waits for this message
        if not _away:
            log.warning("messages to viewers are lost, they look by themselves every few seconds: %s", error)
        _away = True
    finally:
        _pending.release()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """A thread of its own for the channel layer, which belongs to an event loop."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="publish", daemon=True).start()
    return loop
