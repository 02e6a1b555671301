"""Sign-up that is open, by invitation, or closed; and the way from a link into a team."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from webapp.accounts.models import User
from webapp.teams.invitations import invite
from webapp.teams.models import Invitation, Membership
from webapp.teams.selectors import role_of

pytestmark = pytest.mark.django_db

FORM = {"email": "eve@example.org", "password1": "a good long password"}


@pytest.fixture
def link(alice):
    return invite(user=alice, team=alice.personal_team, role="viewer")[1]


def test_a_new_person_signs_up_by_the_link_and_is_asked_before_they_join(settings, alice, link):
    settings.SIGNUP = "invite"
    client = Client()
    asked = client.get(link).content.decode()
    assert "Join “alice”?" in asked
    assert "alice@example.org invites you as <b>viewer</b>" in asked
    signup = client.get(f"/accounts/signup/?next={link}").content.decode()
    assert "You came by an invitation" in signup
    answer = client.post("/accounts/signup/", FORM | {"next": link})
    assert answer.headers["Location"] == link
    eve = User.objects.get(email=FORM["email"])
    assert role_of(eve, alice.personal_team) is None, "nobody joins without having been asked"
    assert "Join as eve@example.org" in client.get(link).content.decode()
    assert client.post(link).headers["Location"] == f"/teams/{alice.personal_team.id}/"
    assert role_of(eve, alice.personal_team) == "viewer"


def test_without_an_invitation_the_page_says_how(settings, db):
    settings.SIGNUP = "invite"
    client = Client()
    assert "Sign-up is by invitation" in client.get("/accounts/signup/").content.decode()
    client.post("/accounts/signup/", FORM)
    assert not User.objects.exists()


@pytest.mark.parametrize("change", [
    {"revoked_at": timezone.now()}, {"accepted_at": timezone.now()}, {"expires_at": timezone.now() - timedelta(days=1)},
])  # fmt: skip
def test_a_link_that_is_dead_brings_nobody(settings, link, change):
    settings.SIGNUP = "invite"
    client = Client()
    client.get(link)
    Invitation.objects.update(**change)
    client.post("/accounts/signup/", FORM)
    assert User.objects.count() == 1


def test_one_link_brings_one_account(settings, link):
    settings.SIGNUP = "invite"
    first, second = Client(), Client()
    for client in (first, second):
        client.get(link)
    first.post("/accounts/signup/", FORM)
    second.post("/accounts/signup/", FORM | {"email": "mallory@example.org"})
    assert not User.objects.filter(email="mallory@example.org").exists()
    mallory = User.objects.create_user("mallory@example.org", "x")
    second.force_login(mallory)
    assert "theirs alone" in second.post(link).content.decode()
    assert not Membership.objects.filter(user=mallory).exists()


def test_closed_means_closed_also_with_a_link(settings, link):
    settings.SIGNUP = "closed"
    client = Client()
    page = client.get(link).content.decode()
    assert "takes no new accounts" in page
    assert "/accounts/signup/" not in page
    assert "Sign-up is closed" in client.get("/accounts/signup/").content.decode()
    client.post("/accounts/signup/", FORM)
    assert User.objects.count() == 1


def test_who_has_an_account_signs_in_and_comes_back(link, charlie, alice):
    client = Client()
    client.get(link)
    form = {"login": "charlie@example.org", "password": "a good long password", "next": link}
    assert client.post("/accounts/login/", form).headers["Location"] == link
    client.post(link)
    assert role_of(charlie, alice.personal_team) == "viewer"
