"""The gate to models and shares: every row is fetched here, by someone who may see it.

All raise Http404 for what may not be seen, PermissionDenied where it may be seen and the role lacks ``right``.
"""

from __future__ import annotations

from django.db.models import QuerySet

from webapp.accounts.models import User
from webapp.models.models import Model, Share
from webapp.teams.models import Team


def models_of(user: User, team: Team | None = None) -> QuerySet[Model]:
    """The models of the person's teams (or of one), newest first."""
    raise NotImplementedError


def model_for(user: User, model_id: str, *, right: str = "view") -> Model:
    """One model."""
    raise NotImplementedError


def shares_of(user: User, model: Model) -> QuerySet[Share]:
    """The links to the model that were not revoked, newest first (expired ones among them)."""
    raise NotImplementedError


def share_for(user: User, share_id: str, *, right: str = "share") -> Share:
    """One share."""
    raise NotImplementedError


def shared(secret: str) -> Share | None:
    """The share (with ``.model``) that a link's secret opens; None when unknown, revoked or expired."""
    raise NotImplementedError
