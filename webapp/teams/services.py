"""Making teams."""

from __future__ import annotations

from django.db import transaction

from webapp.accounts.models import User
from webapp.teams.models import Membership, Role, Team


@transaction.atomic
def create_personal_team(*, user: User) -> Team:
    """The team of one that everyone has from the start. Called once, where a person is made."""
    team = Team.objects.create(name=user.email.partition("@")[0], personal_of=user)
    Membership.objects.create(team=team, user=user, role=Role.OWNER)
    return team
