"""Telling the workers that there may be something to do."""

from __future__ import annotations

import logging

from kombu.exceptions import OperationalError

from jobs.app import app

log = logging.getLogger(__name__)


def wake(role: str) -> None:
    """Wakes the workers of a role ("training" or "ingest").

    The work itself stands in the database, so a wake-up that does not get through (Redis is away) fails nothing: it
    is logged, and beat repeats it within seconds.
    """
    once_more = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1}  # the pooled connection may be a dead one
    try:
        app.send_task(f"jobs.{role}.work", expires=10, retry=True, retry_policy=once_more)
    except OperationalError as error:
        log.warning("Redis is away, so %s was not woken; it looks by itself within seconds (%s)", role, error)
