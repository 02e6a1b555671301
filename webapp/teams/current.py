"""The team that a person works in just now: chosen with the switch beside every page, kept in the session.

Who signs in anew is in the team that they chose last. Pages list and create in this team alone. The page of one thing
opens for every team that one is in, and programs name the team themselves (``team_id``): neither asks here.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.utils import timezone

from webapp.teams.models import Membership, Team
from webapp.teams.selectors import last_chosen, require, team_for

KEY = "team"


def team_of(request: HttpRequest, *, right: str = "view") -> Team:
    """The team, with ``role``: the chosen one as long as the person is in it, else the one they chose before.

    Raises PermissionDenied when the role there lacks ``right``.
    """
    team = getattr(request, "_team", None)
    if team is None:
        team = request._team = _chosen(request) or last_chosen(request.user)
    require(team.role, right, request.user)
    return team


def choose(request: HttpRequest, team_id: str) -> Team:
    """Makes this team the one that pages list and create in. Raises Http404 when the person is not in it."""
    team = request._team = team_for(request.user, team_id)
    request.session[KEY] = team.id
    Membership.objects.filter(team=team, user=request.user).update(chosen_at=timezone.now())
    return team


def _chosen(request: HttpRequest) -> Team | None:
    if not (team_id := request.session.get(KEY)):
        return None
    try:
        return team_for(request.user, team_id)
    except Http404:  # it is gone, or the person is no longer in it
        del request.session[KEY]
        return None
