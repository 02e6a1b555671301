"""What every page's shell shows: which section it is in, which team, how many things that has, how many runs train."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from webapp.datasets.models import Dataset
from webapp.models.models import Model
from webapp.runs.models import Run, Status
from webapp.teams.current import team_of
from webapp.teams.roles import RIGHTS
from webapp.teams.selectors import teams_of


def shell(request: HttpRequest) -> dict[str, object]:
    """Counted only where a template shows it: a fragment asks the database nothing."""
    section = request.path_info.split("/")[1] or "home"
    return {"section": section, "signup_mode": settings.SIGNUP, "shell": SimpleLazyObject(lambda: _shell(request))}


def _shell(request: HttpRequest) -> dict[str, object]:
    if not request.user.is_authenticated:
        return {}
    team = team_of(request)
    return {
        "team": team,
        "teams": teams_of(request.user),
        "rights": RIGHTS[team.role],
        "running": Run.objects.filter(team=team, status=Status.RUNNING).count(),
        "waiting": Run.objects.filter(status=Status.QUEUED).count(),  # the queue is one for all teams
        "runs": Run.objects.filter(team=team).count(),
        "datasets": Dataset.objects.filter(team=team).count(),
        "models": Model.objects.filter(team=team).count(),
    }
