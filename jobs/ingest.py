"""Reading what was uploaded: statistics, preview and hash of every version that waits, one after the other."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery.signals import worker_ready

from jobs import presence
from jobs.app import app
from jobs.ports import Check, DatasetStore, Ingest, LeaseLost, Unavailable, dataset_store
from jobs.shutdown import stopping
from jobs.wake import wake
from rnncore.data import examples, overlaps
from rnncore.data.inspect import inspect
from rnncore.data.table import open_table
from rnncore.errors import DataError, RequestError
from rnncore.events import finite

READERS = 2  # files at a time; the worker's other threads stay free for the reaper
SAY_EVERY = 0.5  # seconds between two words on how far it is
BLOCK = 2**20
HASHING = 0.1  # its share of the work

log = logging.getLogger(__name__)

_free = threading.BoundedSemaphore(READERS)


class _Ending(Exception):
    """The worker ends; the file is read by the next one."""


@app.task
def work() -> None:
    """Reads while there are versions that wait, then answers what is asked about others. Beat calls it every few
    seconds, too."""
    if not _free.acquire(blocking=False):
        return
    try:
        store = dataset_store()
        while not stopping.is_set() and (ingest := store.claim(presence.worker_name("ingest"))):
            wake("jobs.ingest.work")  # others may wait while another reader is idle
            with presence.doing("version", ingest.version_id):
                read(store, ingest)
        while not stopping.is_set() and (check := store.claim_check()):
            answer(store, check)
    except Unavailable as error:
        log.warning("no file can be read, the database is away: %s", error)
    finally:
        _free.release()


def read(store: DatasetStore, ingest: Ingest) -> None:
    """Reads one version and says what it is, or why it cannot be used."""
    try:
        if ingest.make:
            examples.write(ingest.make, ingest.path)
        size = ingest.path.stat().st_size
        say = _teller(store, ingest, size)
        sha256 = _hash(ingest.path, lambda done: say(int(HASHING * done)))
        inspection = inspect(
            ingest.path,
            lambda done, total: say(int(HASHING * size + (1 - HASHING) * size * done / max(total, 1))),
            name=ingest.filename,
            task=ingest.task,
            roles=ingest.roles,
        )
        known = finite({**inspection, "sha256": sha256})  # a table may hold 1e999
        _insist(lambda: store.ready(ingest, known))
    except LeaseLost:
        log.info("version %s is gone, or read by another worker", ingest.version_id)
    except _Ending:
        store.release(ingest)
    except DataError as error:
        message = str(error).replace(ingest.path.name, ingest.filename)  # the name that the person knows it by
        why = {"message": message, "hint": error.hint, "line": error.line, "offset": error.offset}
        _insist(lambda: store.failed(ingest, **why))
    except Unavailable:
        raise
    except Exception as error:
        log.exception("version %s cannot be read", ingest.version_id)
        message = f"The file could not be read: {type(error).__name__}: {error}"
        hint = "This is an error of the studio, not of the file; the worker's log has more."
        _insist(lambda: store.failed(ingest, message, hint=hint))


def answer(store: DatasetStore, check: Check) -> None:
    """Answers one question about files that were read."""

    def go_on(done: int, total: int) -> None:
        if stopping.is_set():
            raise _Ending

    try:
        problems, error = _problems(check, go_on), ""
    except _Ending:
        store.release_check(check)
        return
    except RequestError as failure:
        problems, error = [], str(failure)
    except Exception as failure:
        log.exception("check %s cannot be answered", check.check_id)
        problems, error = [], f"{type(failure).__name__}: {failure}"
    _insist(lambda: store.checked(check, finite(problems), error))


def _problems(check: Check, go_on: Callable[[int, int], None]) -> list[dict[str, Any]]:
    if check.other is None:
        found = inspect(check.data.path, go_on, name=check.data.name, task=check.task, roles=check.roles)
        return found["problems"]
    table, other = (open_table(each.path, name=each.name, progress=go_on) for each in (check.data, check.other))
    problem = overlaps.between(table, other, check.columns)
    return [problem] if problem else []


def _teller(store: DatasetStore, ingest: Ingest, size: int) -> Callable[[int], None]:
    """A function that is told often how many bytes are done, and passes it on now and then."""
    said_at = 0.0

    def say(done: int) -> None:
        nonlocal said_at
        if stopping.is_set():
            raise _Ending
        if time.monotonic() - said_at < SAY_EVERY:
            return
        said_at = time.monotonic()
        try:
            store.progress(ingest, done, size)
        except Unavailable as error:
            log.warning("version %s: the database is away, reading on: %s", ingest.version_id, error)

    return say


def _hash(path: Path, say: Callable[[int], None]) -> str:
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            done += len(block)
            say(done)
    return digest.hexdigest()


def _insist(call: Callable[[], None]) -> None:
    """Calls until the store is there: a gigabyte is not read twice for a database that was away for a minute."""
    while True:
        try:
            return call()
        except Unavailable:
            if stopping.wait(1.0):
                raise


@worker_ready.connect
def _start(sender, **_: object) -> None:
    if presence.role_of(sender) == "ingest":
        wake("jobs.ingest.work")
