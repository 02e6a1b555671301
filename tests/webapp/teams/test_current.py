"""The team that pages list and create in."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import RequestFactory

from webapp.teams.current import choose, team_of
from webapp.teams.models import Membership

pytestmark = pytest.mark.django_db


def request_of(user, session: dict):
    request = RequestFactory().get("/")
    request.user, request.session = user, session
    return request


def test_the_personal_team_until_another_is_chosen(alice, bob):
    session: dict = {}
    assert team_of(request_of(bob, session)) == bob.personal_team
    choose(request_of(bob, session), alice.personal_team.id)
    found = team_of(request_of(bob, session))
    assert (found, found.role) == (alice.personal_team, "editor")
    with pytest.raises(PermissionDenied):
        team_of(request_of(bob, session), right="manage")


def test_a_team_that_one_is_not_in_cannot_be_chosen(alice, charlie):
    session: dict = {}
    for team_id in (alice.personal_team.id, "made up", ""):
        with pytest.raises(Http404):
            choose(request_of(charlie, session), team_id)
    assert session == {}


def test_the_choice_ends_with_the_membership(alice, bob):
    session: dict = {}
    choose(request_of(bob, session), alice.personal_team.id)
    Membership.objects.filter(user=bob, team=alice.personal_team).delete()
    assert team_of(request_of(bob, session)) == bob.personal_team
    assert session == {}


def test_who_signs_in_anew_is_in_the_team_that_they_chose_last(alice, bob):
    choose(request_of(bob, {}), alice.personal_team.id)
    found = team_of(request_of(bob, {}))
    assert (found, found.role) == (alice.personal_team, "editor")
    choose(request_of(bob, {}), bob.personal_team.id)
    assert team_of(request_of(bob, {})) == bob.personal_team
    assert team_of(request_of(alice, {})) == alice.personal_team


def test_it_is_asked_for_once_a_request(bob, django_assert_num_queries):
    request = request_of(bob, {})
    with django_assert_num_queries(1):
        team_of(request)
        team_of(request)
