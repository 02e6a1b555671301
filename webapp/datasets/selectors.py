"""The gate to datasets and uploads: every row is fetched here, by someone who may see it.

All raise Http404 for what the person may not see, PermissionDenied where they may and their role lacks ``right``.
"""

from __future__ import annotations

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.http import Http404
from django.utils import timezone

from webapp.accounts.models import User
from webapp.datasets import parts
from webapp.datasets.models import CURRENT_FIRST, Check, Dataset, Status, Upload, Version
from webapp.runs.models import Run
from webapp.teams.models import Team
from webapp.teams.selectors import of_teams, one_of_teams

KINDS: dict[str, tuple[str, Q]] = {
    "text": ("Texts", Q(format="text")),
    "table": ("Tables", Q(format__in=("csv", "tsv", "parquet"))),
    "lines": ("JSON lines", Q(format="jsonl")),
    "tagged": ("Tagged words", Q(format__in=("conll", "conllu"))),
    "made": ("Made here", Q(synthetic__isnull=False)),
    "unusable": ("Not usable", Q(state=Status.FAILED)),
}
"""What the list can be narrowed to: name → label, and which datasets those are."""

SORTS: dict[str, tuple[str, tuple]] = {
    "newest": ("Newest first", ("-created_at", "-id")),
    "oldest": ("Oldest first", ("created_at", "id")),
    "name": ("By name", (Lower("name"), "id")),
    "largest": ("Largest first", ("-size", "-id")),
}
"""In which order the list can be: name → label, and the order."""


def datasets_of(user: User, team: Team | None = None) -> QuerySet[Dataset]:
    """The datasets of the person's teams (or of one), newest first.

    Each has ``version``, its newest :class:`Version`, without a query a row, and ``role``, the person's.
    """
    return of_teams(_with_newest(), user, team).order_by("-created_at", "-id")


def dataset_for(user: User, dataset_id: str, *, right: str = "view", number: int | None = None) -> Dataset:
    """One dataset, with ``version``: the one with this number, else the newest."""
    dataset = one_of_teams(_with_newest(number), user, dataset_id, right)
    if number is not None and not dataset.newest:
        raise Http404("There is no such version.")
    dataset.pinned = number
    return dataset


def versions_of(dataset: Dataset) -> list[Version]:
    """All versions, newest first, without their inspections; each has ``used``, how many runs learned from it, and
    ``same_as``, the number of an earlier one with the same bytes (or None)."""
    used = Count("runs", filter=Q(runs__deleted_at=None))
    versions = dataset.versions.defer("inspection").select_related("created_by").annotate(used=used)
    found = list(versions.order_by("number"))
    first: dict[str, int] = {}
    for version in found:
        version.dataset = dataset
        earlier = first.setdefault(version.sha256, version.number) if version.sha256 else version.number
        version.same_as = earlier if earlier != version.number else None
    return found[::-1]


def twin_of(version: Version) -> Dataset | None:
    """Another dataset of the team that has the same bytes; the oldest of them."""
    same = Version.objects.filter(sha256=version.sha256, dataset__team=version.dataset.team_id, status=Status.READY)
    found = same.exclude(dataset=version.dataset_id).select_related("dataset").order_by("created_at").first()
    return found and found.dataset


def listed(user: User, team: Team, *, query: str = "", kind: str = "", sort: str = "newest") -> QuerySet[Dataset]:
    """The datasets of a team as their page lists them: ``query`` in the name, of a ``kind`` (see :data:`KINDS`), in
    an order of :data:`SORTS`. Their versions come without inspections."""
    wanted = Version.objects.filter(dataset=OuterRef("pk")).order_by(*CURRENT_FIRST)
    current = Version.objects.defer("inspection")
    rows = Dataset.objects.select_related("team", "created_by").annotate(
        format=Subquery(wanted.values("format")[:1]), size=Subquery(wanted.values("bytes")[:1]),
        state=Subquery(wanted.values("status")[:1]), version_count=Count("versions"),
    )  # fmt: skip
    rows = of_teams(rows, user, team)
    if query:
        rows = rows.filter(name__icontains=query)
    if kind:
        rows = rows.filter(KINDS[kind][1])
    shown = Version.objects.filter(dataset=OuterRef("dataset")).order_by(*CURRENT_FIRST).values("id")[:1]
    newest = Prefetch("versions", queryset=current.filter(id=Subquery(shown)), to_attr="newest")
    return rows.prefetch_related(newest).order_by(*SORTS[sort][1])


def uploads_of(user: User, team: Team | None = None, into: Dataset | None = None) -> list[Upload]:
    """The person's own unfinished uploads (to one of the teams) of new datasets, or of new versions of one, newest
    first; each has ``offset``, the bytes that have come."""
    uploads = of_teams(Upload.objects.filter(created_by=user, dataset=None, into=into), user, team)
    found = [_with_offset(upload) for upload in uploads.order_by("-created_at", "-id")]
    return [upload for upload in found if upload.offset is not None]


def upload_for(user: User, upload_id: str, *, right: str = "view") -> Upload:
    """One upload, with ``offset``: the bytes that have come, None when they are gone (expired, or cancelled)."""
    rows = Upload.objects.select_related("version", "into").defer("version__inspection")
    return _with_offset(one_of_teams(rows, user, upload_id, right))


def error_of(upload: Upload) -> str | None:
    """What is wrong with the file that came; None where nothing is, or nobody has read it yet."""
    error = upload.version.error if upload.version else None
    return error and error["message"]


def runs_on(versions: QuerySet[Version], *, deleted: bool = False) -> QuerySet[Run]:
    """The runs that one of the versions was learned from, validated or tested on, of whichever team; or those that were
    ``deleted`` and can still be brought back."""
    ids = list(versions.values_list("id", flat=True))
    runs = Run.everything.exclude(deleted_at=None) if deleted else Run.objects.all()
    return runs.filter(Q(version__in=ids) | Q(valid_version__in=ids) | Q(test_version__in=ids))


def runs_seen(user: User, version: Version) -> QuerySet[Run]:
    """The runs on a version that the person may see, newest first."""
    return of_teams(runs_on(Version.objects.filter(id=version.id)), user).order_by("-created_at")


def _with_newest(number: int | None = None) -> QuerySet[Dataset]:
    """``number``: of the version that is wanted in place of the newest."""
    wanted = Version.objects.filter(dataset=OuterRef("dataset")).order_by(*CURRENT_FIRST).values("id")[:1]
    versions = Version.objects.filter(id=Subquery(wanted)) if number is None else Version.objects.filter(number=number)
    questions = Prefetch("checks", queryset=Check.objects.filter(other=None), to_attr="asked_again")
    versions = versions.select_related("created_by").prefetch_related(questions)
    return Dataset.objects.select_related("team", "created_by").prefetch_related(
        Prefetch("versions", queryset=versions, to_attr="newest")
    )


def _with_offset(upload: Upload) -> Upload:
    if upload.dataset_id:
        upload.offset = upload.length
    else:
        upload.offset = parts.length(upload.id) if upload.expires_at > timezone.now() else None
    return upload
