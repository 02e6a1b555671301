"""What the background floor needs of whoever keeps the rows: small protocols, named in settings.

``webapp/*/store.py`` implements them over the ORM, ``jobs.memory`` in memory; one conformance suite
(``tests/jobs/test_stores.py``) runs against every implementation. Every method may raise Unavailable, and may then be
called again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

LEASE = timedelta(seconds=15)
CHECK_LEASE = timedelta(minutes=5)  # of a question about a file; nobody prolongs it


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
    weights: Path | None = None  # a folder in ``folder`` that the first attempt starts from


@dataclass(frozen=True)
class Ingest:
    """A dataset version whose file has to be read. ``make``: an example of :mod:`rnncore.data.examples` that has to be
    written to ``path`` before; ``task`` and ``roles``: what somebody said that it and its columns are for."""

    version_id: str
    path: Path
    filename: str
    make: str = ""
    task: str | None = None
    roles: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """A question about a file that was read: its problems for a task and roles, or (``other``) the records that stand
    in both, by these columns."""

    check_id: str
    data: Source
    other: Source | None = None
    task: str | None = None
    roles: dict[str, str] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)


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

    def claim_check(self) -> Check | None:
        """The oldest question that waits (or whose worker did not answer in time), now ours."""
        ...

    def checked(self, check: Check, problems: Sequence[dict[str, Any]], error: str = "") -> None:
        """The answer, or why there is none. On a question that is gone: nothing."""
        ...

    def release_check(self, check: Check) -> None:
        """Gives the question back unanswered."""
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
