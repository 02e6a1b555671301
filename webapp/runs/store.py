"""jobs.ports.RunStore over the ORM: the queue, the lease, the feed. The same on SQLite and Postgres."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, DateTimeField, F, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from jobs import deaths
from jobs.ports import LEASE, Claim, LeaseLost, Source
from rnncore.events import dumps
from webapp.datasets.blobs import path_of
from webapp.datasets.models import Version
from webapp.db import reaching
from webapp.live.publish import publish, publish_run
from webapp.runs import feed
from webapp.runs.models import UNDER_WAY, Run, Status

Event = dict[str, Any]

KEPT = timedelta(hours=1)  # how long a deleted run can be brought back
SETTLED = 600  # seconds after which a folder without a row is nobody's


def folder(run_id: str) -> Path:
    """Where a run's files lie; its ``out/`` is the engine's folder."""
    return settings.DATA / "runs" / run_id


def weights_folder(run_id: str) -> Path:
    """Where the weights lie that a run starts from, when it does not draw them."""
    return folder(run_id) / "weights"


def orphans() -> list[Path]:
    """Folders of runs that are no more.

    One that was touched lately may be of a run that begins with a copy of another and has no row yet.
    """
    settled = time.time() - SETTLED
    folders = [path for path in (settings.DATA / "runs").glob("*") if path.stat().st_mtime < settled]
    known = set(Run.everything.values_list("id", flat=True))  # asked for last: any other has its row before its folder
    return [path for path in folders if path.name not in known]


def purge(runs: QuerySet[Run]) -> None:
    """Removes those of the runs that were deleted, with their files and for good."""
    gone = runs.exclude(deleted_at=None)
    for run_id in list(gone.values_list("id", flat=True)):
        if gone.filter(id=run_id).delete()[0]:  # else it was brought back meanwhile
            shutil.rmtree(folder(run_id), ignore_errors=True)


def tidy() -> None:
    """Removes what was deleted long enough ago, and files of runs that are gone: a training process may have written
    its last ones after the deletion."""
    purge(Run.everything.filter(deleted_at__lt=timezone.now() - KEPT))
    for path in orphans():
        shutil.rmtree(path, ignore_errors=True)


class RunStore:
    @reaching
    def claim(self, worker: str) -> Claim | None:
        while (run := Run.objects.filter(status=Status.QUEUED).order_by("queued_at", "id").first()) is not None:
            now = timezone.now()
            ours = Run.objects.filter(id=run.id, status=Status.QUEUED, fence=run.fence).update(
                status=Status.RUNNING, worker=worker, fence=F("fence") + 1, attempt=F("attempt") + 1,
                lease_until=now + LEASE, started_at=Coalesce("started_at", now), ended_at=None, error=None,
            )  # fmt: skip
            if ours:
                return _claimed(run.id)
        return None

    @reaching
    def renew(self, claim: Claim) -> str:
        if not _held(claim).update(status=Status.RUNNING, lease_until=timezone.now() + LEASE):
            raise LeaseLost(claim.run_id)
        return Run.everything.values_list("wanted", flat=True).get(id=claim.run_id)

    @reaching
    def append(self, claim: Claim, events: Sequence[Event]) -> int:
        run, new = _write(claim, lambda run: feed.append(run, events))
        if new:
            publish(run.id, new[0]["seq"], new[-1]["seq"], [dumps(event) for event in new])
            publish_run(run, at_once=False)
        return run.last_seq

    @reaching
    def refill(self, claim: Claim, events: Iterable[Event]) -> int:
        return _write(claim, lambda run: feed.refill(run, events))[1]

    @reaching
    def finish(self, claim: Claim, status: str, error: dict[str, Any] | None = None) -> None:
        end = None if status == Status.PAUSED else timezone.now()
        _end(claim, status=status, wanted="", ended_at=end, **({"error": error} if error else {}))

    @reaching
    def release(self, claim: Claim) -> None:
        _end(claim, **let_go(timezone.now()))

    @reaching
    def reap(self) -> list[str]:
        now = timezone.now()
        reaped = []
        for run in Run.objects.filter(status=Status.RUNNING, lease_until__lt=now):
            dead = Run.objects.filter(id=run.id, fence=run.fence, lease_until=run.lease_until, wanted=run.wanted)
            if dead.update(**_orphaned(run, now)):
                reaped.append(run.id)
                publish_run(Run.everything.get(id=run.id))
        return reaped

    @reaching
    def sweep(self) -> None:
        tidy()


def _claimed(run_id: str) -> Claim:
    run = Run.everything.select_related("version", "valid_version", "test_version").get(id=run_id)
    publish_run(run)
    return Claim(
        run_id=run.id, fence=run.fence, attempt=run.attempt, recipe=run.filled or run.recipe, folder=folder(run.id),
        data=_source(run.version), valid=run.valid_version and _source(run.valid_version),
        test=run.test_version and _source(run.test_version), last_seq=run.last_seq,
        weights=weights_folder(run.id) if run.origin.get("how") == "weights" else None,
    )  # fmt: skip


def _source(version: Version) -> Source:
    return Source(path_of(version.sha256), version.filename)


def _held(claim: Claim) -> QuerySet[Run]:
    """The run while the claim holds. Queued: it was reaped while its worker could not reach us; nobody else has it."""
    return Run.objects.filter(id=claim.run_id, fence=claim.fence, status__in=UNDER_WAY)


def _write(claim: Claim, write: Callable[[Run], Any]) -> tuple[Run, Any]:
    """Calls ``write`` with the locked row in a transaction."""
    with transaction.atomic():
        run = _held(claim).select_for_update().first()
        if run is None:
            raise LeaseLost(claim.run_id)
        return run, write(run)


def _end(claim: Claim, **changes: Any) -> None:
    if not _held(claim).update(lease_until=None, **changes):
        raise LeaseLost(claim.run_id)
    publish_run(Run.everything.get(id=claim.run_id))


def _orphaned(run: Run, now: datetime) -> dict[str, Any]:
    """What becomes of a run whose worker died: it goes on with another, unless that happened too often."""
    died, at = deaths.counted(run.deaths, run.died_at_step, run.step)
    changes = let_go(now) | {"deaths": died, "died_at_step": at}
    if died >= deaths.LIMIT and not run.wanted:
        changes |= {"status": Status.FAILED, "ended_at": now, "error": deaths.of_worker(at)}
    return changes


def let_go(now: datetime) -> dict[str, Any]:
    """What becomes of a run that nobody trains any more: what was asked for, else its old place in the queue."""
    return {
        "status": Case(
            When(wanted="stop", then=Value(Status.STOPPED)),
            When(wanted="pause", then=Value(Status.PAUSED)),
            default=Value(Status.QUEUED),
        ),
        "ended_at": Case(When(wanted="stop", then=Value(now)), default=None, output_field=DateTimeField()),
        "wanted": "",
        "worker": "",
    }
