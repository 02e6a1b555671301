"""The ports over plain Python objects, for tests: it passes the same conformance suite as the real stores."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jobs import deaths
from jobs.ports import CHECK_LEASE, LEASE, Check, Claim, Ingest, LeaseLost, Source

Event = dict[str, Any]


@dataclass
class Run:
    """A row of the queue."""

    id: str
    folder: Path
    data: Source
    recipe: dict[str, Any] = field(default_factory=dict)
    status: str = "queued"
    wanted: str = ""
    fence: int = 0
    worker: str = ""
    lease_until: datetime | None = None
    error: dict[str, Any] | None = None
    deaths: int = 0
    died_at_step: int | None = None
    events: list[Event] = field(default_factory=list)


class RunStore:
    """Rows are in ``runs`` by id, in the order of the queue."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self._lock = threading.RLock()

    def claim(self, worker: str) -> Claim | None:
        with self._lock:
            run = next((run for run in self.runs.values() if run.status == "queued"), None)
            if run is None:
                return None
            run.status, run.worker, run.lease_until = "running", worker, _now() + LEASE
            run.fence += 1
            return Claim(
                run_id=run.id, fence=run.fence, attempt=run.fence, recipe=run.recipe, folder=run.folder,
                data=run.data, valid=None, test=None, last_seq=len(run.events),
            )  # fmt: skip

    def renew(self, claim: Claim) -> str:
        with self._lock:
            run = self._held(claim)
            run.status, run.lease_until = "running", _now() + LEASE
            return run.wanted

    def append(self, claim: Claim, events: Sequence[Event]) -> int:
        with self._lock:
            run = self._held(claim)
            kept = list(run.events)
            for event in events:
                if event["seq"] > len(kept) + 1:
                    raise ValueError(f"run {run.id}: event {len(kept) + 1} is missing before {event['seq']}")
                if event["seq"] == len(kept) + 1:
                    kept.append(event)
            run.events = kept
            return len(kept)

    def refill(self, claim: Claim, events: Iterable[Event]) -> int:
        with self._lock:
            run = self._held(claim)
            before, run.events = run.events, []
            try:
                return self.append(claim, list(events))
            except ValueError:
                run.events = before
                raise

    def finish(self, claim: Claim, status: str, error: dict[str, Any] | None = None) -> None:
        with self._lock:
            run = self._held(claim)
            run.status, run.wanted, run.lease_until, run.error = status, "", None, error

    def release(self, claim: Claim) -> None:
        with self._lock:
            _let_go(self._held(claim))

    def reap(self) -> list[str]:
        with self._lock:
            expired = [run for run in self.runs.values() if run.status == "running" and run.lease_until < _now()]
            for run in expired:
                step = max((event["step"] for event in run.events), default=0)
                run.deaths, run.died_at_step = deaths.counted(run.deaths, run.died_at_step, step)
                if run.deaths >= deaths.LIMIT and not run.wanted:
                    run.status, run.error, run.lease_until = "failed", deaths.of_worker(step), None
                else:
                    _let_go(run)
            return [run.id for run in expired]

    def sweep(self) -> None:
        """Nothing lies about."""

    def _held(self, claim: Claim) -> Run:
        run = self.runs.get(claim.run_id)
        if run is None or run.fence != claim.fence or run.status not in ("running", "queued"):
            raise LeaseLost(claim.run_id)
        return run


def _let_go(run: Run) -> None:
    run.status = {"stop": "stopped", "pause": "paused"}.get(run.wanted, "queued")
    run.wanted, run.worker, run.lease_until = "", "", None


@dataclass
class Version:
    """A file that waits to be read."""

    id: str
    path: Path
    filename: str = "text.txt"
    status: str = "processing"
    lease_until: datetime | None = None
    done: int = 0
    inspection: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] | None = None


class DatasetStore:
    """Rows are in ``versions`` by id, oldest first."""

    def __init__(self) -> None:
        self.versions: dict[str, Version] = {}
        self.checks: dict[str, Check] = {}  # that wait, oldest first
        self.checks_held: dict[str, datetime] = {}  # until when, by id
        self.answers: dict[str, tuple[list[dict[str, Any]], str]] = {}
        self._lock = threading.RLock()

    def claim(self, worker: str) -> Ingest | None:
        with self._lock:
            waiting = (version for version in self.versions.values() if version.status == "processing")
            version = next((v for v in waiting if v.lease_until is None or v.lease_until < _now()), None)
            if version is None:
                return None
            version.lease_until = _now() + LEASE
            return Ingest(version.id, version.path, version.filename)

    def progress(self, ingest: Ingest, done: int, total: int) -> None:
        with self._lock:
            if (version := self._waiting(ingest)) is None:
                raise LeaseLost(ingest.version_id)
            version.done, version.lease_until = done, _now() + LEASE

    def ready(self, ingest: Ingest, inspection: dict[str, Any]) -> None:
        with self._lock:
            if version := self._waiting(ingest):
                version.status, version.inspection, version.lease_until = "ready", inspection, None

    def failed(
        self, ingest: Ingest, message: str, *, hint: str = "", line: int | None = None, offset: int | None = None
    ) -> None:
        with self._lock:
            if version := self._waiting(ingest):
                version.status, version.lease_until = "failed", None
                version.error = {"message": message, "hint": hint, "line": line, "offset": offset}
                version.path.unlink(missing_ok=True)

    def release(self, ingest: Ingest) -> None:
        with self._lock:
            if version := self._waiting(ingest):
                version.lease_until = None

    def claim_check(self) -> Check | None:
        with self._lock:
            free = (check for name, check in self.checks.items() if self.checks_held.get(name, _now()) <= _now())
            if check := next(free, None):
                self.checks_held[check.check_id] = _now() + CHECK_LEASE
            return check

    def checked(self, check: Check, problems: Sequence[dict[str, Any]], error: str = "") -> None:
        with self._lock:
            if self.checks.pop(check.check_id, None):
                self.answers[check.check_id] = list(problems), error

    def release_check(self, check: Check) -> None:
        with self._lock:
            self.checks_held.pop(check.check_id, None)

    def sweep(self) -> None:
        """Nothing lies about."""

    def _waiting(self, ingest: Ingest) -> Version | None:
        version = self.versions.get(ingest.version_id)
        return version if version and version.status == "processing" else None


def _now() -> datetime:
    return datetime.now(UTC)
