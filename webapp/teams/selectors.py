"""Which teams a person is in, as what. Everything else that is fetched asks here who may see it.

Where a program asks with a token (``user.token``), its scopes narrow the person's role.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Case, F, QuerySet, When
from django.http import Http404

from webapp.accounts.models import User
from webapp.ids import is_id
from webapp.teams.models import Invitation, Membership, Role, Team
from webapp.teams.roles import may


def teams_of(user: User) -> QuerySet[Team]:
    """The person's teams, the personal one first; each has ``role``, the person's role in it."""
    mine = Team.objects.filter(memberships__user=user).annotate(role=F("memberships__role"))
    return mine.order_by(_personal_first(user), "name", "id")


def team_for(user: User, team_id: str | None = None, *, right: str = "view") -> Team:
    """The team, by default the personal one.

    Raises Http404 when the person is not in it, PermissionDenied when their role there lacks ``right``.
    """
    wanted = {"personal_of": user} if team_id is None else {"id": team_id if is_id(team_id) else ""}
    if (team := teams_of(user).filter(**wanted).first()) is None:
        raise Http404("There is no such team.")
    require(team.role, right, user)
    return team


def last_chosen(user: User) -> Team:
    """The team, with ``role``, that the person last chose to work in; the personal one as long as none was chosen."""
    mine = teams_of(user).annotate(chosen_at=F("memberships__chosen_at"))
    return mine.order_by(F("chosen_at").desc(nulls_last=True), _personal_first(user)).first()


def _personal_first(user: User) -> Case:
    return Case(When(personal_of=user, then=0), default=1)


def role_of(user: User, team: Team) -> str | None:
    """The person's role in the team; None when they are not in it."""
    return Membership.objects.filter(team=team, user=user).values_list("role", flat=True).first()


def members_of(user: User, team: Team) -> QuerySet[Membership]:
    """The people of the team with their roles: owners first, then by address."""
    require_in(user, team.id, "view")
    members = Membership.objects.filter(team=team).select_related("user")
    by_role = Case(*(When(role=role, then=rank) for rank, role in enumerate(Role.values)))
    return members.order_by(by_role, "user__email")


def invitations_of(user: User, team: Team) -> QuerySet[Invitation]:
    """The team's invitations that nobody has used or revoked, newest first (ended ones among them)."""
    require_in(user, team.id, "manage")
    waiting = Invitation.objects.filter(team=team, accepted_at=None, revoked_at=None)
    return waiting.select_related("created_by").order_by("-created_at", "-id")


def require(role: str | None, right: str, user: User) -> None:
    """Raises Http404 for someone outside the team, PermissionDenied when ``role`` or the token lacks ``right``."""
    if not may(role, "view"):
        raise Http404("There is nothing here.")
    if not may(role, right):
        raise PermissionDenied(f"Your role in this team ({role}) may not do this.")
    if user.token and not may(role, right, user.token.scope_list):
        raise PermissionDenied(f"The token “{user.token.name}” may not do this: its scopes are {user.token.scopes}.")


def require_in(user: User, team_id: str, right: str) -> None:
    """:func:`require` for the person's role in the team of this id."""
    role = Membership.objects.filter(team_id=team_id, user=user).values_list("role", flat=True).first()
    require(role, right, user)


def of_teams(rows: QuerySet[Any], user: User, team: Team | None = None) -> QuerySet[Any]:
    """Those of ``rows`` (of a table with a ``team``) that belong to the person's teams, or to one of them.

    Each has ``role``, the person's role in its team.
    """
    mine = rows.filter(team__memberships__user=user).annotate(role=F("team__memberships__role"))
    return mine if team is None else mine.filter(team=team)


def one_of_teams(rows: QuerySet[Any], user: User, row_id: str, right: str) -> Any:
    """The row with this id. Raises Http404 and PermissionDenied as :func:`require` does."""
    row = of_teams(rows, user).filter(id=row_id).first() if is_id(row_id) else None
    require(row.role if row else None, right, user)
    return row
