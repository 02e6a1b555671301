"""What died is put back into the queue, and what nobody will ask for again is tidied up."""

from __future__ import annotations

import logging

from jobs.app import app
from jobs.ports import Unavailable, dataset_store, run_store
from jobs.wake import wake

log = logging.getLogger(__name__)


@app.task
def reap() -> None:
    """Gives runs whose lease has ended back to the queue, and wakes the trainers for them."""
    try:
        reaped = run_store().reap()
    except Unavailable as error:
        log.warning("the database is away: %s", error)
        return
    if reaped:
        log.warning("their worker is gone, they go on with another: %s", ", ".join(reaped))
        wake("jobs.training.work")


@app.task
def sweep() -> None:
    """Tidies up: uploads that nobody goes on with, files of runs that were deleted while they trained."""
    try:
        run_store().sweep()
        dataset_store().sweep()
    except Unavailable as error:
        log.warning("the database is away: %s", error)
