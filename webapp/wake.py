"""Waking a worker. What is to be done stands in the database: a wake-up that gets lost costs seconds, never work."""

from __future__ import annotations

import logging

from jobs.app import app

log = logging.getLogger(__name__)


def wake(task: str) -> None:
    """Tells the workers of ``task`` (a Celery task's name) to look into the database now. Never raises.

    Without Redis it gives up at once: beat repeats the wake-ups.
    """
    try:
        app.send_task(task, expires=10, retry=False)
    except Exception as error:
        log.warning("could not wake %s, it will look by itself in a few seconds: %s", task, error)
