"""REST: who am I."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from webapp.api.lists import only_known
from webapp.teams.selectors import teams_of

router = Router(tags=["people"])


class TeamOut(Schema):
    id: str
    name: str
    role: str


class MeOut(Schema):
    id: str
    email: str
    teams: list[TeamOut]


@router.get("/me", response=MeOut)
def me(request: HttpRequest) -> dict[str, Any]:
    """You, and the teams you are in."""
    only_known(request)
    user = request.auth
    teams = [{"id": team.id, "name": team.name, "role": team.role} for team in teams_of(user)]
    return {"id": user.id, "email": user.email, "teams": teams}
