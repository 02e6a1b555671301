"""The gate to models, their versions and shares: every row is fetched here, by someone who may see it.

All raise Http404 for what may not be seen, PermissionDenied where it may be seen and the role lacks ``right``.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from webapp.accounts.models import User
from webapp.ids import is_id
from webapp.models.models import Model, Share, Version
from webapp.models.openings import WITH_PEOPLE
from webapp.models.store import folder as folder_of
from webapp.runs.models import Run
from webapp.runs.selectors import SPLITS, read_report, report_path
from webapp.teams.models import Team
from webapp.teams.selectors import of_teams, one_of_teams, require_in


def models_of(user: User, team: Team | None = None) -> QuerySet[Model]:
    """The models of the person's teams (or of one), newest first."""
    return of_teams(_with_source(), user, team).order_by("-created_at", "-id")


def model_for(user: User, model_id: str, *, right: str = "view") -> Model:
    """One model."""
    return one_of_teams(_with_source(), user, model_id, right)


def versions_of(model: Model) -> list[Version]:
    """The versions of a model that was fetched here, newest first, each with its run, dataset and who published it."""
    found = model.versions.select_related("run", "dataset", "created_by").order_by("-number")
    for version in found:
        version.model = model
    return list(found)


def version_of(model: Model, number: int | str | None = None) -> Version:
    """One version of a model that was fetched here, by default the newest. Raises Http404."""
    if number is None:
        found = model.newest
    else:
        wanted = str(number)
        known = model.versions.select_related("run", "dataset", "created_by")
        found = known.filter(number=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 10 else None
    if found is None:
        raise Http404(f"“{model.name}” has no version {number}.")
    found.model = model
    return found


def published_from(run: Run) -> QuerySet[Version]:
    """The versions that were published from a run, newest first, each with its model."""
    return run.published.select_related("model").defer("facts", "model__words").order_by("-created_at", "-id")


def models_for(user: User, run: Run) -> QuerySet[Model]:
    """The models of which a checkpoint of the run can become the next version: of its team, of its task."""
    mine = models_of(user).filter(team_id=run.team_id, task=run.kind)
    return mine.order_by("name", "id")


def report_of(version: Version, split: str) -> dict[str, Any] | None:
    """What the version's metrics hide on ``valid`` or ``test``; None where there is no report."""
    return read_report(folder_of(version.id), split)


def reports(version: Version) -> list[str]:
    """The splits of which there is a report."""
    return [split for split in SPLITS if report_path(folder_of(version.id), split).is_file()]


def network_of(version: Version) -> dict[str, Any]:
    """How the version's network is built, and what it tells apart; empty where the file is gone."""
    try:
        return json.loads((folder_of(version.id) / "network.json").read_bytes())
    except FileNotFoundError:
        return {}


def shares_of(user: User, model: Model) -> QuerySet[Share]:
    """The links to the model that were not revoked, newest first (expired ones among them), with who opened them."""
    require_in(user, model.team_id, "view")
    alive = model.shares.filter(revoked_at=None).select_related("version", "created_by").defer("version__facts")
    return alive.prefetch_related(WITH_PEOPLE).order_by("-created_at", "-id")


def share_for(user: User, share_id: str, *, right: str = "share") -> Share:
    """One share."""
    share = Share.objects.select_related("model").filter(id=share_id).first() if is_id(share_id) else None
    if share is None:
        raise Http404("There is no such link.")
    require_in(user, share.model.team_id, right)
    return share


def shared(secret: str) -> Share | None:
    """The share (with ``.model`` and ``.shown``) that a link's secret opens; None when unknown, revoked or expired."""
    alive = Share.objects.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)
    return alive.select_related("model__newest", "version", "created_by").filter(sha256=hash_of(secret)).first()


def hash_of(secret: str) -> str:
    """What is kept of a link's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _with_source() -> QuerySet[Model]:
    newest = ("newest", "newest__run", "newest__dataset", "newest__created_by")
    return Model.objects.select_related("team", "created_by", *newest)
