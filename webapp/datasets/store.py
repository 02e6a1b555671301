"""jobs.ports.DatasetStore over the ORM."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from jobs.ports import CHECK_LEASE, LEASE, Check, Ingest, LeaseLost, Source
from rnncore.data.table import format_of
from webapp.datasets import blobs, models
from webapp.datasets.checks import purpose
from webapp.datasets.models import Status, Version
from webapp.datasets.services import remove_expired_uploads
from webapp.datasets.words import summary
from webapp.db import reaching


class DatasetStore:
    @reaching
    def claim(self, worker: str) -> Ingest | None:
        while True:
            now = timezone.now()
            free = Version.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), status=Status.PROCESSING)
            version = free.select_related("dataset").order_by("created_at", "id").first()
            if version is None:
                return None
            if free.filter(id=version.id).update(lease_until=now + LEASE):
                path = _bytes_of(version)
                make = "" if version.sha256 else version.example  # what a worker that died began is begun anew
                return Ingest(version.id, path, version.filename, make, **_purpose(version))

    @reaching
    def progress(self, ingest: Ingest, done: int, total: int) -> None:
        if not _waiting(ingest).update(done_bytes=done, bytes=total, lease_until=timezone.now() + LEASE):
            raise LeaseLost(ingest.version_id)

    @reaching
    def ready(self, ingest: Ingest, inspection: dict[str, Any]) -> None:
        known = {**inspection, "purpose": {"task": ingest.task, "roles": ingest.roles}}
        sha256, size = known.pop("sha256"), known["bytes"]
        # The hash is noted first: who dies after the move is succeeded by somebody who finds the bytes.
        if not _waiting(ingest).update(sha256=sha256):
            return
        if ingest.path != blobs.path_of(sha256):
            blobs.put(ingest.path, sha256)
        _waiting(ingest).update(
            status=Status.READY, bytes=size, done_bytes=size, inspection=known, source="", lease_until=None,
            format=known.get("format", ""), summary=summary(known),
        )  # fmt: skip

    @reaching
    def failed(
        self, ingest: Ingest, message: str, *, hint: str = "", line: int | None = None, offset: int | None = None
    ) -> None:
        error = {"message": message, "hint": hint, "line": line, "offset": offset}
        if _waiting(ingest).update(status=Status.FAILED, error=error, source="", lease_until=None):
            ingest.path.unlink(missing_ok=True)

    @reaching
    def release(self, ingest: Ingest) -> None:
        _waiting(ingest).update(lease_until=None)

    @reaching
    def claim_check(self) -> Check | None:
        while True:
            now = timezone.now()
            free = models.Check.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), status=Status.PROCESSING)
            row = free.select_related("version", "other").order_by("created_at", "id").first()
            if row is None:
                return None
            if free.filter(id=row.id).update(lease_until=now + CHECK_LEASE):
                return Check(row.id, _source(row.version), row.other and _source(row.other), **row.asked)

    @reaching
    def checked(self, check: Check, problems: Sequence[dict[str, Any]], error: str = "") -> None:
        status = Status.FAILED if error else Status.READY
        _asked(check).update(status=status, problems=list(problems), error=error, lease_until=None)

    @reaching
    def release_check(self, check: Check) -> None:
        _asked(check).update(lease_until=None)

    @reaching
    def sweep(self) -> None:
        remove_expired_uploads()


def _waiting(ingest: Ingest) -> QuerySet[Version]:
    return Version.objects.filter(id=ingest.version_id, status=Status.PROCESSING)


def _bytes_of(version: Version) -> Path:
    source = settings.DATA / version.source
    return source if source.exists() or not version.sha256 else blobs.path_of(version.sha256)


def _purpose(version: Version) -> dict[str, Any]:
    """For a table; a text has no columns that could be for something."""
    return {} if format_of(version.filename) == "text" else purpose(version)


def _asked(check: Check) -> QuerySet[models.Check]:
    return models.Check.objects.filter(id=check.check_id, status=Status.PROCESSING)


def _source(version: Version) -> Source:
    return Source(blobs.path_of(version.sha256), version.filename)
