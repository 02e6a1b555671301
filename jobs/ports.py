"""What the background floor needs of whoever keeps the rows: small protocols, named in settings, loaded by :func:`load`.

``webapp/*/store.py`` implements them over the ORM, ``jobs.memory`` in memory; one conformance suite
(``tests/jobs/conformance``) runs against every implementation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

LEASE = timedelta(seconds=15)


class LeaseLost(Exception):
    """Somebody else holds the run now; whoever sees this stops working on it at once."""


@dataclass(frozen=True)
class Claim:
    """A run that a worker may train until its lease ends. ``fence`` grows with every claim of the run."""

    run_id: str
    fence: int
    attempt: int
    recipe: dict[str, Any]
    data: Path
    data_name: str
    valid: Path | None
    test: Path | None
    folder: Path
    last_seq: int


@dataclass(frozen=True)
class Ingest:
    """A dataset version whose file has to be read."""

    version_id: str
    path: Path
    filename: str


class RunStore(Protocol):
    def claim(self, worker: str) -> Claim | None:
        """The first queued run, now running and ours, by one conditional UPDATE; None when there is none."""
        ...

    def renew(self, claim: Claim) -> str:
        """Prolongs the lease; what is wanted: "", "stop" or "pause". Raises LeaseLost."""
        ...

    def append(self, claim: Claim, events: Sequence[dict[str, Any]]) -> int:
        """Appends events in one transaction; those already there (by seq) are skipped; returns the last seq.

        Raises LeaseLost with an older fence, ValueError on a gap.
        """
        ...

    def finish(self, claim: Claim, status: str, error: dict[str, Any] | None = None) -> None:
        """Ends the claim: finished, stopped, paused or failed. Raises LeaseLost."""
        ...

    def release(self, claim: Claim) -> None:
        """Gives the run back to the queue, at its old place. Raises LeaseLost."""
        ...

    def reap(self) -> list[str]:
        """Puts every running run whose lease has ended back into the queue; their ids."""
        ...


class DatasetStore(Protocol):
    def claim(self, worker: str) -> Ingest | None:
        """The oldest version that waits to be read (or whose reader's lease has ended), now ours."""
        ...

    def progress(self, ingest: Ingest, done: int, total: int) -> None:
        """Says how many bytes are read, and prolongs the lease."""
        ...

    def ready(self, ingest: Ingest, inspection: dict[str, Any]) -> None: ...

    def failed(self, ingest: Ingest, message: str, *, hint: str = "", line: int | None = None, offset: int | None = None) -> None: ...


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
