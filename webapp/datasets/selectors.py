"""The gate to datasets and uploads: every row is fetched here, by someone who may see it.

All raise Http404 for what the person may not see, PermissionDenied where they may and their role lacks ``right``.
"""

from __future__ import annotations

from django.db.models import QuerySet

from webapp.accounts.models import User
from webapp.datasets.models import Dataset, Upload
from webapp.teams.models import Team


def datasets_of(user: User, team: Team | None = None) -> QuerySet[Dataset]:
    """The datasets of the person's teams (or of one), newest first.

    Each has ``version``, its newest :class:`Version`, without a query a row.
    """
    raise NotImplementedError


def dataset_for(user: User, dataset_id: str, *, right: str = "view") -> Dataset:
    """One dataset, with ``version``."""
    raise NotImplementedError


def uploads_of(user: User) -> list[Upload]:
    """The person's own unfinished uploads, newest first; each has ``offset``, the bytes that have come."""
    raise NotImplementedError


def upload_for(user: User, upload_id: str, *, right: str = "view") -> Upload:
    """One upload, with ``offset``, the bytes that have come."""
    raise NotImplementedError
