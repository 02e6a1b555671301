"""Training: claims queued runs and supervises them, one after the other, until nothing is queued."""

from __future__ import annotations

import logging
import queue
from functools import cache

from celery.signals import worker_ready, worker_shutting_down

from jobs import calibration, presence
from jobs.app import app
from jobs.ports import Unavailable, run_store
from jobs.shutdown import stopping
from jobs.slots import Slots
from jobs.supervisor import Supervisor
from jobs.wake import wake

log = logging.getLogger(__name__)

_slots = cache(Slots)  # looked for by the worker that trains, not by all who import this


@app.task
def work() -> None:
    """Trains while there are queued runs and a slot is free. Beat calls it every few seconds, too."""
    try:
        slot = _slots().take()
    except queue.Empty:
        return
    try:
        _train_on(slot)
    except Unavailable as error:
        log.warning("no run can be claimed, the database is away: %s", error)
    finally:
        _slots().give(slot)


def _train_on(slot: str | None) -> None:
    store = run_store()
    while not stopping.is_set() and (claim := store.claim(presence.worker_name("training"))):
        calibration.interrupt()
        wake("jobs.training.work")  # others may wait while other slots are idle
        with presence.doing("run", claim.run_id, slot):
            end = Supervisor(store, claim, stopping, device=slot, threads=_slots().threads).run()
        if end == "finished":
            calibration.refine(claim.folder)
    if _slots().taken == 1 and not stopping.is_set():
        calibration.begin()


@worker_ready.connect
def _start(sender, **_: object) -> None:
    if presence.role_of(sender) == "training":
        presence.has_slots(_slots().devices)
        wake("jobs.training.work")


@worker_shutting_down.connect
def _stop(**_: object) -> None:
    calibration.interrupt()
