"""The gate that everything is behind."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from webapp.teams import selectors
from webapp.teams.models import Membership, Role
from webapp.teams.roles import RIGHTS, may

pytestmark = pytest.mark.django_db


def test_the_table_of_roles_grows_with_the_role():
    assert RIGHTS[Role.VIEWER] < RIGHTS[Role.EDITOR] < RIGHTS[Role.OWNER]
    assert set(RIGHTS) == set(Role.values)
    assert not may(None, "view")
    assert not may("stranger", "view")


def test_teams_with_the_own_role_the_personal_one_first(alice, bob):
    assert [(team.personal_of_id, team.role) for team in selectors.teams_of(bob)] == [
        (bob.id, "owner"), (alice.id, "editor")]  # fmt: skip
    assert selectors.team_for(bob) == bob.personal_team
    assert selectors.team_for(bob, alice.personal_team.id).role == "editor"
    assert selectors.role_of(bob, alice.personal_team) == "editor"


def test_outsiders_find_nothing_and_roles_are_heeded(alice, bob, charlie):
    team = alice.personal_team
    with pytest.raises(Http404):
        selectors.team_for(charlie, team.id)
    assert selectors.role_of(charlie, team) is None
    with pytest.raises(PermissionDenied):
        selectors.team_for(bob, team.id, right="manage")
    with pytest.raises(Http404):
        selectors.require_in(charlie, team.id, "view")


def test_a_row_is_seen_once_with_the_role_of_who_looks(alice, bob, charlie, make):
    from webapp.datasets.models import Dataset

    dataset = make.dataset(alice.personal_team)
    Membership.objects.filter(user=bob, team=alice.personal_team).update(role=Role.VIEWER)
    for user, role in ((alice, "owner"), (bob, "viewer")):
        assert [row.role for row in selectors.of_teams(Dataset.objects.all(), user)] == [role]
    assert not selectors.of_teams(Dataset.objects.all(), charlie).exists()
    with pytest.raises(PermissionDenied):
        selectors.one_of_teams(Dataset.objects.all(), bob, dataset.id, "delete")
    with pytest.raises(Http404):
        selectors.one_of_teams(Dataset.objects.all(), charlie, dataset.id, "view")
