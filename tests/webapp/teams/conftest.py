"""A team of three: alice owns it, bob edits, dora looks on. Charlie is outside."""

from __future__ import annotations

import pytest

from webapp.teams.models import Membership, Role


@pytest.fixture
def dora(db):
    from webapp.accounts.services import create_user

    return create_user(email="dora@example.org", password="a good long password")


@pytest.fixture
def team(alice, bob, dora):
    from webapp.teams.services import create

    team = create(user=alice, name="Poetry lab")
    Membership.objects.create(team=team, user=bob, role=Role.EDITOR)
    Membership.objects.create(team=team, user=dora, role=Role.VIEWER)
    return team


@pytest.fixture
def lines(team):
    """The sentences of the team's history, oldest first."""
    from webapp.teams.history import sentence
    from webapp.teams.models import Entry

    return lambda: [
        f"{entry.who.partition('@')[0]} {sentence(entry)}"
        for entry in Entry.objects.filter(team_id=team.id).order_by("id")
    ]
