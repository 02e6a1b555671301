"""What is done with datasets: uploads begun and ended, pasted text, names, deletion.

Services check the person's role in the team; they raise what :mod:`webapp.problems` lists.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, ProtectedError, QuerySet
from django.http import Http404
from django.utils import timezone

from jobs.wake import wake
from rnncore.data.table import FORMATS
from webapp.accounts.models import User
from webapp.datasets import blobs, made, parts, selectors
from webapp.datasets.checks import ask_again
from webapp.datasets.models import Dataset, Status, Upload, Version
from webapp.datasets.roles import changed as changed_roles
from webapp.datasets.tasks import servable
from webapp.db import referring
from webapp.ids import new_id
from webapp.names import clean_filename, clean_name
from webapp.problems import Conflict, DiskFull, Invalid, TooLarge
from webapp.runs.store import purge
from webapp.teams import history
from webapp.teams.models import Team
from webapp.teams.selectors import of_teams, require_in
from webapp.teams.services import held

EXPIRES_AFTER = timedelta(days=7)  # since somebody last wrote to it
PASTED_CHARACTERS = 3_000_000
PASTED = {"text": ".txt", "csv": ".csv", "tsv": ".tsv", "jsonl": ".jsonl", "conll": ".conll", "conllu": ".conllu"}
NAMED = 20  # runs that a refusal lists
GONE = "The team or the dataset that it should go into was deleted just now."
USED_NOW = "Somebody uses it just now: a run was started on it, or a file came. Look again."
PASTED_ENDINGS = (".txt", *(ending for ending in FORMATS if ending != ".parquet"))  # names that say what a text is

log = logging.getLogger(__name__)


class InUse(Conflict):
    """Runs were trained on the dataset; they would lose what they were trained on."""


def create_upload(
    *, user: User, team: Team, filename: str, length: int, name: str = "", into: Dataset | None = None
) -> Upload:
    """An upload of ``length`` bytes that may now be written. ``filename`` and ``name`` are cleaned, not trusted.

    ``into``: the dataset of which it shall be a new version; its team counts then.

    Raises TooLarge (over the limit), DiskFull (it would not fit), both before the first byte is sent.
    """
    team = into.team if into else team
    require_in(user, team.id, "upload")
    remove_expired_uploads()
    _check_room(length)
    filename = clean_filename(filename)
    upload = Upload(
        team=team, created_by=user, filename=filename, name=clean_name(name or filename), length=length, into=into,
        expires_at=timezone.now() + EXPIRES_AFTER,
    )  # fmt: skip
    parts.create(upload.id)
    try:
        with referring(GONE):
            upload.save(force_insert=True)
    except BaseException:
        parts.remove(upload.id)
        raise
    return upload


def prolong_upload(*, upload: Upload) -> None:
    """Somebody wrote to it: its time begins anew."""
    Upload.objects.filter(id=upload.id).update(expires_at=timezone.now() + EXPIRES_AFTER)


def finish_upload(*, upload: Upload) -> Dataset:
    """The upload is whole: a dataset whose version is processing, and the readers are woken. Twice is no error.

    The bytes stay in the part file until ingest has read them and moves them to the blob store. Raises Http404 where
    the upload is gone: it was cancelled, or the dataset of which it should be a version was deleted.
    """
    with transaction.atomic():
        held(upload.team)  # before the upload, as whoever deletes the team does
        upload = Upload.objects.select_for_update().filter(id=upload.id).first()
        if upload is None:
            raise Http404("The upload was cancelled, or its dataset was deleted.")
        if upload.dataset:
            return upload.dataset
        given = {"part": upload.id, "user": upload.created_by, "filename": upload.filename}
        if upload.into:
            version = _add_version(dataset=upload.into, **given)
        else:
            version = _new_dataset(team_id=upload.team_id, name=upload.name, **given)
        upload.dataset, upload.version = version.dataset, version
        upload.save(update_fields=["dataset", "version"])
    wake("jobs.ingest.work")
    return upload.dataset


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


def create_from_text(
    *, user: User, team: Team, name: str, text: str, format: str = "", into: Dataset | None = None
) -> Dataset:
    """A dataset of pasted text; from here on it is an upload like any other. ``format``: what the text is, a key of
    :data:`PASTED`; where nothing is said, the ending of the name tells a table from a text. ``into``: the dataset of
    which it shall be a new version, which keeps its name. Raises Invalid at name, text or format.
    """
    name = clean_name(name)
    if format and format not in PASTED:
        raise Invalid.at("format", f"{format!r:.40} is not one of {', '.join(PASTED)}.")
    if not text:
        raise Invalid.at("text", "There is no text in it.")
    if len(text) > PASTED_CHARACTERS:
        raise TooLarge(
            f"Pasted text has at most {PASTED_CHARACTERS:,} characters; this has {len(text):,}. Upload it as a file.",
            errors=[("text", "too long to paste")],
        )
    body = _encoded(text)
    filename = _pasted_filename(name, format)
    upload = create_upload(user=user, team=team, filename=filename, length=len(body), name=name, into=into)
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
        version = _new_dataset(
            part=part, user=user, filename=asked.filename, team_id=team.id, name=name, synthetic=made.facts(asked)
        )
    except BaseException:
        parts.remove(part)
        raise
    wake("jobs.ingest.work")
    return version.dataset


def create_example(*, user: User, team: Team, example: str, name: str = "") -> Dataset:
    """A dataset of a text that lies on the machine (``made.EXAMPLES``); a job writes and reads it.

    Raises Invalid at ``example`` or ``name``.
    """
    require_in(user, team.id, "upload")
    if (choice := made.EXAMPLES.get(example)) is None:
        raise Invalid.at("example", f"{example!r:.60} is not one of {', '.join(made.EXAMPLES)}.")
    _check_room(choice.unit_bytes)
    version = _new_dataset(
        part=new_id(), user=user, filename=choice.filename, team_id=team.id, name=clean_name(name or choice.label),
        example=example,
    )  # fmt: skip
    wake("jobs.ingest.work")
    return version.dataset


def choose_task(*, user: User, dataset: Dataset, task: str | None) -> Dataset:
    """Says what the dataset is to be trained for, which is then proposed; None (or ""): what its columns suggest.

    Raises Invalid at ``task``, Conflict before the file was read.
    """
    require_in(user, dataset.team_id, "upload")
    if dataset.version.status != Status.READY:
        raise Conflict("What it can be trained for is known once the file is read.")
    if task and task not in (kinds := servable(dataset.version)):
        raise Invalid.at("task", f"{task!r:.60} is not something that it can be trained for: {', '.join(kinds)}.")
    dataset.task = task or ""
    _write(dataset, "task")
    history.note(user, "changed", dataset)
    ask_again(dataset)
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
    _write(dataset, "roles")
    history.note(user, "changed", dataset)
    ask_again(dataset)
    return dataset


def rename(*, user: User, dataset: Dataset, name: str) -> Dataset:
    """Raises Invalid at ``name``."""
    require_in(user, dataset.team_id, "upload")
    before, dataset.name = dataset.name, clean_name(name)
    if dataset.name != before:
        _write(dataset, "name")
        history.note(user, "renamed", dataset, before=before)
    return dataset


def _write(dataset: Dataset, field: str) -> None:
    """Raises Http404 where the dataset was deleted meanwhile."""
    if not Dataset.objects.filter(id=dataset.id).update(**{field: getattr(dataset, field)}):
        raise Http404("The dataset was deleted.")


def delete(*, user: User, dataset: Dataset) -> None:
    """Deletes the dataset; bytes that no other dataset has go too, and deleted runs that could still be brought back.
    Raises InUse while a run uses it."""
    require_in(user, dataset.team_id, "delete")
    versions = Version.objects.filter(dataset=dataset)
    refuse_used(user, versions, "it")
    purge(selectors.runs_on(versions, deleted=True))
    incoming = list(Upload.objects.filter(into=dataset, dataset=None).values_list("id", flat=True))
    _remove(user, dataset, list(dataset.versions.values("sha256", "source")))
    for upload_id in incoming:
        parts.remove(upload_id)


def delete_version(*, user: User, version: Version) -> None:
    """Deletes one version of several. Raises InUse while a run uses it, Conflict where it is the only one."""
    require_in(user, version.dataset.team_id, "delete")
    rows = Version.objects.filter(id=version.id)
    refuse_used(user, rows, f"version {version.number}")
    if version.dataset.versions.count() == 1:
        raise Conflict("It is the only version; delete the dataset.")
    purge(selectors.runs_on(rows, deleted=True))
    _remove(user, version, [{"sha256": version.sha256, "source": version.source}])


def refuse_used(user: User, versions: QuerySet[Version], what: str) -> None:
    """Raises InUse, which names the runs that the person may see, where runs use one of the versions."""
    runs = selectors.runs_on(versions)
    if not (count := runs.count()):
        return
    seen = list(of_teams(runs, user).order_by("-created_at")[:NAMED])
    names = ", ".join(f"“{run.name}”" for run in seen[:3]) + (" …" if count > 3 and seen else "")
    whose = f": {names}" if seen else " (in teams that you are not in)"
    raise InUse(
        f"{count:,} {'run uses' if count == 1 else 'runs use'} {what}{whose}. Delete "
        f"{'that' if count == 1 else 'those'} first; published models stay.",
        errors=[("runs", f"{run.id} {run.name}") for run in seen],
    )


def _remove(user: User, thing: Dataset | Version, versions: list[dict[str, str]]) -> None:
    """Deletes a dataset, or one version, with ``versions``, and their bytes where no other version has them."""
    with blobs.lock():
        try:
            with referring(USED_NOW), transaction.atomic():
                if type(thing).objects.filter(id=thing.id).delete()[0]:
                    history.note(user, "deleted", thing)
        except ProtectedError:  # it was started just now
            raise InUse("A run was started on it just now. Delete that first; published models stay.") from None
        for sha256 in {version["sha256"] for version in versions} - {""}:
            if not Version.objects.filter(sha256=sha256).exists():
                blobs.remove(sha256)
    for version in versions:
        if version["source"]:
            (settings.DATA / version["source"]).unlink(missing_ok=True)


def _new_dataset(
    *, team_id: str, name: str, user: User, synthetic: dict[str, Any] | None = None, **given: Any
) -> Version:
    """The first version of a new dataset."""
    with referring(GONE), transaction.atomic():
        dataset = Dataset.objects.create(team_id=team_id, name=name, created_by=user, synthetic=synthetic)
        history.note(user, "created", dataset)
        return _version(dataset, 1, user=user, **given)


def _add_version(*, dataset: Dataset, user: User, **given: Any) -> Version:
    """The next version of a dataset. Called in a transaction, which the lock on its row makes wait for another."""
    dataset = Dataset.objects.select_for_update().get(id=dataset.id)
    last = dataset.versions.aggregate(last=Max("number"))["last"] or 0
    version = _version(dataset, last + 1, user=user, **given)
    history.note(user, "uploaded", version)
    return version


def _version(dataset: Dataset, number: int, *, part: str, user: User, filename: str, example: str = "") -> Version:
    """A version that waits to be read; its bytes are a whole part file, or will be written there (``example``)."""
    path = parts.path_of(part)
    return Version.objects.create(
        dataset=dataset, number=number, filename=filename, created_by=user, example=example,
        bytes=0 if example else path.stat().st_size, source=str(path.relative_to(settings.DATA)),
    )  # fmt: skip


def _pasted_filename(name: str, format: str) -> str:
    """With an ending that says what the text is.

    >>> _pasted_filename("poems", ""), _pasted_filename("a.csv", ""), _pasted_filename("a.txt", "csv")
    ('poems.txt', 'a.csv', 'a.txt.csv')
    """
    ending = PASTED[format] if format else ".txt"
    known = (ending,) if format else PASTED_ENDINGS
    return name if name.lower().endswith(known) else f"{name}{ending}"


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
