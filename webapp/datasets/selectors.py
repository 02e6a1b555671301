"""The gate to datasets and uploads: every row is fetched here, by someone who may see it.

All raise Http404 for what the person may not see, PermissionDenied where they may and their role lacks ``right``.
"""

from __future__ import annotations

from django.db.models import Max, OuterRef, Prefetch, QuerySet, Subquery
from django.utils import timezone

from webapp.accounts.models import User
from webapp.datasets import parts
from webapp.datasets.models import Dataset, Upload, Version
from webapp.teams.models import Team
from webapp.teams.selectors import of_teams, one_of_teams


def datasets_of(user: User, team: Team | None = None) -> QuerySet[Dataset]:
    """The datasets of the person's teams (or of one), newest first.

    Each has ``version``, its newest :class:`Version`, without a query a row, and ``role``, the person's.
    """
    return of_teams(_with_newest(), user, team).order_by("-created_at", "-id")


def dataset_for(user: User, dataset_id: str, *, right: str = "view") -> Dataset:
    """One dataset, with ``version``."""
    return one_of_teams(_with_newest(), user, dataset_id, right)


def uploads_of(user: User, team: Team | None = None) -> list[Upload]:
    """The person's own unfinished uploads (to one of the teams), newest first; each has ``offset``, the bytes that have come."""
    uploads = of_teams(Upload.objects.filter(created_by=user, dataset=None), user, team).order_by("-created_at", "-id")
    found = [_with_offset(upload) for upload in uploads]
    return [upload for upload in found if upload.offset is not None]


def upload_for(user: User, upload_id: str, *, right: str = "view") -> Upload:
    """One upload, with ``offset``: the bytes that have come, None when they are gone (expired, or cancelled)."""
    return _with_offset(one_of_teams(Upload.objects.all(), user, upload_id, right))


def error_of(upload: Upload) -> str | None:
    """What is wrong with the file that came; None where nothing is, or nobody has read it yet."""
    error = upload.dataset.version.error if upload.dataset else None
    return error and error["message"]


def _with_newest() -> QuerySet[Dataset]:
    last = Version.objects.filter(dataset=OuterRef("dataset")).values("dataset").annotate(last=Max("number"))
    versions = Version.objects.filter(number=Subquery(last.values("last")))
    return Dataset.objects.select_related("team", "created_by").prefetch_related(
        Prefetch("versions", queryset=versions, to_attr="newest")
    )


def _with_offset(upload: Upload) -> Upload:
    if upload.dataset_id:
        upload.offset = upload.length
    else:
        upload.offset = parts.length(upload.id) if upload.expires_at > timezone.now() else None
    return upload
