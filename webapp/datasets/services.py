"""What is done with datasets: uploads begun and ended, pasted text, names, deletion.

Services check the person's role in the team; they raise what :mod:`webapp.problems` lists.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from jobs.wake import wake
from rnncore.data.table import FORMATS
from webapp.accounts.models import User
from webapp.datasets import blobs, made, parts
from webapp.datasets.models import Dataset, Status, Upload, Version
from webapp.datasets.roles import changed as changed_roles
from webapp.ids import new_id
from webapp.names import clean_filename, clean_name
from webapp.problems import Conflict, DiskFull, Invalid, TooLarge
from webapp.teams.models import Team
from webapp.teams.selectors import require_in

EXPIRES_AFTER = timedelta(days=7)  # since somebody last wrote to it
PASTED_CHARACTERS = 3_000_000
PASTED_ENDINGS = (".txt", *(ending for ending in FORMATS if ending != ".parquet"))  # names that say what a text is

log = logging.getLogger(__name__)


class InUse(Conflict):
    """Runs were trained on the dataset; they would lose what they were trained on."""


def create_upload(*, user: User, team: Team, filename: str, length: int, name: str = "") -> Upload:
    """An upload of ``length`` bytes that may now be written. ``filename`` and ``name`` are cleaned, not trusted.

    Raises TooLarge (over the limit), DiskFull (it would not fit), both before the first byte is sent.
    """
    require_in(user, team.id, "upload")
    remove_expired_uploads()
    _check_room(length)
    filename = clean_filename(filename)
    upload = Upload(
        team=team, created_by=user, filename=filename, name=clean_name(name or filename), length=length,
        expires_at=timezone.now() + EXPIRES_AFTER,
    )  # fmt: skip
    parts.create(upload.id)
    upload.save(force_insert=True)
    return upload


def prolong_upload(*, upload: Upload) -> None:
    """Somebody wrote to it: its time begins anew."""
    upload.expires_at = timezone.now() + EXPIRES_AFTER
    upload.save(update_fields=["expires_at"])


def finish_upload(*, upload: Upload) -> Dataset:
    """The upload is whole: a dataset whose version is processing, and the readers are woken. Twice is no error.

    The bytes stay in the part file until ingest has read them and moves them to the blob store.
    """
    with transaction.atomic():
        upload = Upload.objects.select_for_update().get(id=upload.id)
        if upload.dataset:
            return upload.dataset
        upload.dataset = dataset = _dataset_of(
            upload.id, team_id=upload.team_id, user_id=upload.created_by_id, name=upload.name, filename=upload.filename
        )
        upload.save(update_fields=["dataset"])
    wake("jobs.ingest.work")
    return dataset


def cancel_upload(*, user: User, upload: Upload) -> None:
    """Takes an unfinished upload back, with the bytes that came; a finished one only forgets that it was one.

    Raises Conflict while somebody writes to it.
    """
    require_in(user, upload.team_id, "upload")
    if upload.dataset_id is None:
        try:
            with parts.writing(upload.id):
                parts.remove(upload.id)
        except parts.Busy:
            raise Conflict("Another window is writing to this upload. Pause it there first.") from None
        except FileNotFoundError:
            pass
    upload.delete()


def remove_expired_uploads() -> None:
    """Uploads that nobody went on with, and their bytes."""
    for upload in Upload.objects.filter(expires_at__lt=timezone.now()):
        if upload.dataset_id is None:
            parts.remove(upload.id)
        upload.delete()


def create_from_text(*, user: User, team: Team, name: str, text: str) -> Dataset:
    """A dataset of pasted text; from here on it is an upload like any other. Raises Invalid at name or text."""
    name = clean_name(name)
    if not text:
        raise Invalid.at("text", "There is no text in it.")
    if len(text) > PASTED_CHARACTERS:
        raise TooLarge(
            f"Pasted text has at most {PASTED_CHARACTERS:,} characters; this has {len(text):,}. Upload it as a file.",
            errors=[("text", "too long to paste")],
        )
    body = _encoded(text)
    filename = name if name.lower().endswith(PASTED_ENDINGS) else f"{name}.txt"
    upload = create_upload(user=user, team=team, filename=filename, length=len(body), name=name)
    with parts.writing(upload.id) as part:
        parts.write(part, body)
    return finish_upload(upload=upload)


def create_synthetic(
    *, user: User, team: Team, kind: str, count: int | None = None, seed: int = 1, name: str = ""
) -> Dataset:
    """A dataset that is made here, whose best possible loss is known: ``kind`` is one of ``made.KINDS``.

    Raises Invalid at ``kind``, ``count``, ``seed`` or ``name``.
    """
    require_in(user, team.id, "upload")
    asked = made.checked(kind, count, seed)
    name = clean_name(name or asked.choice.label)
    _check_room(asked.bytes)
    part = new_id()
    parts.create(part)
    try:
        made.write(asked, parts.path_of(part))
        dataset = _dataset_of(
            part, team_id=team.id, user_id=user.id, name=name, filename=asked.filename, synthetic=made.facts(asked)
        )
    except BaseException:
        parts.remove(part)
        raise
    wake("jobs.ingest.work")
    return dataset


def confirm_roles(*, user: User, dataset: Dataset, roles: dict[str, Any]) -> Dataset:
    """Says what columns are for: a role by column name, None for no role; columns that are not named stay as they are.

    Raises Invalid at ``columns.<name>``, Conflict before the file was read.
    """
    require_in(user, dataset.team_id, "upload")
    version = dataset.version
    if version.status != Status.READY:
        raise Conflict("Its columns are known once the file is read.")
    dataset.roles = changed_roles(version, roles)
    dataset.save(update_fields=["roles"])
    return dataset


def rename(*, user: User, dataset: Dataset, name: str) -> Dataset:
    """Raises Invalid at ``name``."""
    require_in(user, dataset.team_id, "upload")
    dataset.name = clean_name(name)
    dataset.save(update_fields=["name"])
    return dataset


def delete(*, user: User, dataset: Dataset) -> None:
    """Deletes the dataset; bytes that no other dataset has go too. Raises InUse while a run uses it."""
    require_in(user, dataset.team_id, "delete")
    versions = list(dataset.versions.values("sha256", "source"))
    with blobs.lock():
        try:
            Dataset.objects.filter(id=dataset.id).delete()
        except ProtectedError as error:
            runs = len(error.protected_objects)
            raise InUse(
                f"{runs} {'run uses' if runs == 1 else 'runs use'} it. Delete that first; published models stay."
            ) from None
        for sha256 in {version["sha256"] for version in versions} - {""}:
            if not Version.objects.filter(sha256=sha256).exists():
                blobs.remove(sha256)
    for version in versions:
        if version["source"]:
            (settings.DATA / version["source"]).unlink(missing_ok=True)


def _dataset_of(
    part: str, *, team_id: str, user_id: Any, name: str, filename: str, synthetic: dict[str, Any] | None = None
) -> Dataset:
    """A dataset whose version waits to be read, its bytes being a whole part file."""
    path = parts.path_of(part)
    with transaction.atomic():
        dataset = Dataset.objects.create(team_id=team_id, name=name, created_by_id=user_id, synthetic=synthetic)
        Version.objects.create(
            dataset=dataset, filename=filename, bytes=path.stat().st_size,
            source=str(path.relative_to(settings.DATA)),
        )  # fmt: skip
    return dataset


def _check_room(length: int) -> None:
    if length > settings.MAX_UPLOAD_BYTES:
        raise TooLarge(f"A file has at most {_size(settings.MAX_UPLOAD_BYTES)}, this one has {_size(length)}.")
    on_their_way = sum(
        max(0, upload.length - (parts.length(upload.id) or 0)) for upload in Upload.objects.filter(dataset=None)
    )
    if length > (room := max(0, parts.free_bytes() - on_their_way)):
        raise DiskFull(f"The file needs {_size(length)}; the studio's disk has {_size(room)} left for uploads.")


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Invalid.at("text", f"What stands at place {error.start + 1:,} is half of a character.") from None


def _size(count: float) -> str:
    """Bytes as a person reads them.

    >>> _size(999), _size(20 * 1024**3)
    ('999 bytes', '20.0 GiB')
    """
    if count < 1024:
        return f"{count:.0f} bytes"
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        count /= 1024
        if count < 1024 or unit == "TiB":
            break
    return f"{count:.1f} {unit}"
