"""What the background floor needs of whoever keeps the rows: small protocols, named in settings.

``webapp/*/store.py`` implements them over the ORM, ``jobs.memory`` in memory; one conformance suite
(``tests/jobs/test_stores.py``) runs against every implementation. Every method may raise Unavailable, and may then be
called again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

LEASE = timedelta(seconds=15)


class LeaseLost(Exception):
    """Somebody else holds the work now, or it is gone; whoever sees this stops working on it at once."""


class Unavailable(Exception):
    """The store cannot be reached just now. Nothing was changed; try again."""


@dataclass(frozen=True)
class Source:
    """A file to learn from: where its bytes lie, and what its owner called it."""

    path: Path
    name: str


@dataclass(frozen=True)
class Claim:
    """A run that a worker may train until its lease ends. ``fence`` grows with every claim of the run."""

    run_id: str
    fence: int
    attempt: int
    recipe: dict[str, Any]
    data: Source
    valid: Source | None
    test: Source | None
    folder: Path
    last_seq: int


@dataclass(frozen=True)
class Ingest:
    """A dataset version whose file has to be read."""

    version_id: str
    path: Path
    filename: str


class RunStore(Protocol):
    """A claim holds while nobody else has claimed the run since and the run has not ended.

    A run that was only put back into the queue (its worker was cut off from the database for a while) is still its
    worker's: the next renewal takes it back.
    """

    def claim(self, worker: str) -> Claim | None:
        """The first queued run, now running and ours, by one conditional UPDATE; None when there is none."""
        ...

    def renew(self, claim: Claim) -> str:
        """Prolongs the lease; what is wanted: "", "stop" or "pause". Raises LeaseLost."""
        ...

    def append(self, claim: Claim, events: Sequence[dict[str, Any]]) -> int:
        """Appends events in one transaction; those already there (by seq) are skipped; returns the last seq.

        Raises LeaseLost when the claim does not hold, ValueError on a gap.
        """
        ...

    def refill(self, claim: Claim, events: Iterable[dict[str, Any]]) -> int:
        """Puts these events in the place of all that are kept: the file is the truth. Raises as append does."""
        ...

    def finish(self, claim: Claim, status: str, error: dict[str, Any] | None = None) -> None:
        """Ends the claim: finished, stopped, paused or failed. Raises LeaseLost."""
        ...

    def release(self, claim: Claim) -> None:
        """Gives the run back to the queue, at its old place; one that shall stop or pause does. Raises LeaseLost."""
        ...

    def reap(self) -> list[str]:
        """Does for every running run whose lease has ended what release does; their ids.

        One that lost its worker too often without getting further (:mod:`jobs.deaths`) fails instead.
        """
        ...

    def sweep(self) -> None:
        """Removes the files of runs that are no more."""
        ...


class DatasetStore(Protocol):
    def claim(self, worker: str) -> Ingest | None:
        """The oldest version that waits to be read (or whose reader's lease has ended), now ours."""
        ...

    def progress(self, ingest: Ingest, done: int, total: int) -> None:
        """Says how many bytes are read, and prolongs the lease. Raises LeaseLost when the version is gone."""
        ...

    def ready(self, ingest: Ingest, inspection: dict[str, Any]) -> None:
        """Keeps the bytes under ``inspection["sha256"]``, once, and what is known of them. Twice is no error."""
        ...

    def failed(
        self, ingest: Ingest, message: str, *, hint: str = "", line: int | None = None, offset: int | None = None
    ) -> None:
        """The version cannot be used, and why. Its bytes go."""
        ...

    def release(self, ingest: Ingest) -> None:
        """Gives the version back unread."""
        ...

    def sweep(self) -> None:
        """Removes what was begun to be uploaded and has expired."""
        ...


class ModelStore(Protocol):
    def folder(self, model_id: str) -> Path:
        """The folder of a published model. Raises KeyError when there is none."""
        ...


def run_store() -> RunStore:
    return import_string(settings.JOBS_RUN_STORE)()


def dataset_store() -> DatasetStore:
    return import_string(settings.JOBS_DATASET_STORE)()


def model_store() -> ModelStore:
    return import_string(settings.JOBS_MODEL_STORE)()
