"""What every page's shell shows: which section it is in, how many things there are, and how many runs train."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from webapp.datasets.models import Dataset
from webapp.models.models import Model
from webapp.runs.models import Run, Status


def shell(request: HttpRequest) -> dict[str, object]:
    """Counted only where a template shows it: a fragment asks the database nothing."""
    section = request.path_info.split("/")[1] or "home"
    return {"section": section, "shell": SimpleLazyObject(lambda: _counts(request.user))}


def _counts(user) -> dict[str, int]:
    if not user.is_authenticated:
        return {}
    teams = user.teams.all()
    return {
        "running": Run.objects.filter(team__in=teams, status=Status.RUNNING).count(),
        "runs": Run.objects.filter(team__in=teams).count(),
        "datasets": Dataset.objects.filter(team__in=teams).count(),
        "models": Model.objects.filter(team__in=teams).count(),
    }
