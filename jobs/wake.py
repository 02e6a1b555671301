"""Telling the workers that there may be something to do."""

from __future__ import annotations

import logging

from kombu.exceptions import OperationalError

from jobs.app import app

log = logging.getLogger(__name__)


def wake(task: str) -> None:
    """Tells the workers of ``task`` (``jobs.training.work``) to look into the database now. Never raises.

    What is to be done stands there, so a wake-up that does not get through (Redis is away) fails nothing: beat repeats
    it within seconds.
    """
    once_more = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1}  # a pooled connection may be a dead one
    try:
        app.send_task(task, expires=10, retry=True, retry_policy=once_more)
    except OperationalError as error:
        log.warning("could not send %s, the workers will look by themselves in a few seconds: %s", task, error)
