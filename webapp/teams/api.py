"""REST: who am I, and invitations to teams."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from webapp.api.lists import only_known
from webapp.api.schemas import Body, Moment
from webapp.origins import absolute
from webapp.teams import invitations
from webapp.teams.selectors import team_for, teams_of

router = Router(tags=["people"])


class TeamOut(Schema):
    id: str
    name: str
    role: str


class MeOut(Schema):
    id: str
    email: str
    teams: list[TeamOut]


class InvitationIn(Body):
    role: str = Field(description="owner, editor or viewer")
    expires_at: Moment | None = Field(None, description="left out: in a week")
    recipient: str = Field("", description="whom it is meant for; whoever has the link may use it")


class InvitationOut(Schema):
    id: str
    team_id: str
    role: str
    recipient: str
    expires_at: datetime
    created_at: datetime
    url: str


@router.get("/me", response=MeOut)
def me(request: HttpRequest) -> dict[str, Any]:
    """You, and the teams you are in."""
    only_known(request)
    user = request.auth
    teams = [{"id": team.id, "name": team.name, "role": team.role} for team in teams_of(user)]
    return {"id": user.id, "email": user.email, "teams": teams}


@router.post("/teams/{team_id}/invitations", response={201: InvitationOut})
def invite(request: HttpRequest, team_id: str, body: InvitationIn) -> Any:
    """A link that lets one person into the team. It is shown once: only its hash is kept."""
    only_known(request)
    team = team_for(request.auth, team_id, right="manage")
    made, path = invitations.invite(user=request.auth, team=team, **body.model_dump())
    own = {name: getattr(made, name) for name in InvitationOut.model_fields if name != "url"}
    return {**own, "url": absolute(request, path)}


@router.delete("/invitations/{invitation_id}", response={204: None})
def revoke(request: HttpRequest, invitation_id: str) -> None:
    """The link stops working at once. Twice is no error."""
    only_known(request)
    invitations.revoke(user=request.auth, invitation=invitations.invitation_for(request.auth, invitation_id))
