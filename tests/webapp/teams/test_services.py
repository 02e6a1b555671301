"""Making, renaming and deleting teams."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from webapp.datasets import parts
from webapp.datasets.services import create_upload
from webapp.problems import Conflict, Invalid
from webapp.teams import services
from webapp.teams.models import Entry, Team
from webapp.teams.selectors import role_of, teams_of

pytestmark = pytest.mark.django_db


def test_who_makes_a_team_owns_it(alice, lines, team):
    assert role_of(alice, team) == "owner"
    assert list(teams_of(alice)) == [alice.personal_team, team]
    assert lines() == ["alice made the team"]


@pytest.mark.parametrize("name", ["", " \x00 ", "a" * 101])
def test_a_name_that_is_none(alice, team, name):
    with pytest.raises(Invalid) as refused:
        services.create(user=alice, name=name)
    assert refused.value.errors[0][0] == "name"
    with pytest.raises(Invalid):
        services.rename(user=alice, team=team, name=name)


def test_renaming_is_for_owners_and_told(alice, bob, charlie, lines, team):
    services.rename(user=alice, team=team, name=" Prose\n lab ")
    services.rename(user=alice, team=team, name="Prose lab")
    assert Team.objects.get(id=team.id).name == "Prose lab"
    assert lines()[1:] == ["alice renamed the team, which was “Poetry lab”"]
    with pytest.raises(PermissionDenied):
        services.rename(user=bob, team=team, name="mine")
    with pytest.raises(Http404):
        services.rename(user=charlie, team=team, name="mine")


def test_a_team_is_deleted_when_nothing_is_in_it(alice, bob, make, team):
    dataset = make.dataset(team)
    with pytest.raises(PermissionDenied):
        services.delete(user=bob, team=team)
    with pytest.raises(Conflict, match="1 dataset"):
        services.delete(user=alice, team=team)
    dataset.delete()
    services.delete(user=alice, team=team)
    assert not Team.objects.filter(id=team.id).exists()
    assert Entry.objects.filter(team_id=team.id, what="deleted", thing="Poetry lab").exists()


def test_what_was_being_uploaded_goes_with_the_team(alice, team):
    upload = create_upload(user=alice, team=team, filename="a.txt", length=5)
    assert parts.length(upload.id) == 0
    services.delete(user=alice, team=team)
    assert parts.length(upload.id) is None


def test_ones_own_team_stays(alice):
    with pytest.raises(Conflict):
        services.delete(user=alice, team=alice.personal_team)
