"""Invitations as services: what lets somebody in, and what does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone

from webapp.problems import Conflict, Invalid
from webapp.teams.invitations import Dead, accept, by_secret, invitation_for, invite, is_open, revoke
from webapp.teams.models import Invitation, Membership
from webapp.teams.selectors import invitations_of, role_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def secret(alice, team):
    return invite(user=alice, team=team, role="editor")[1].removeprefix("/join/")


def test_it_lets_one_person_in(alice, charlie, dora, team, secret, lines):
    assert is_open(secret)
    assert accept(user=charlie, secret=secret) == team
    assert role_of(charlie, team) == "editor"
    assert lines()[1:] == [
        "alice made an invitation for an editor", "charlie joined as editor, invited by alice@example.org"]  # fmt: skip
    assert not is_open(secret)
    for person in (charlie, dora):
        with pytest.raises(Dead, match="used already"):
            accept(user=person, secret=secret)


def test_only_the_hash_is_kept(secret):
    kept = Invitation.objects.values().get()
    assert secret not in str(kept)
    assert by_secret(secret).id == kept["id"]


def test_not_for_who_made_it_nor_for_who_is_inside(alice, bob, team, secret):
    with pytest.raises(Conflict, match="yourself"):
        accept(user=alice, secret=secret)
    with pytest.raises(Conflict, match="already, as editor"):
        accept(user=bob, secret=secret)
    assert is_open(secret), "nobody used it"


def test_after_its_end(charlie, team, secret):
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert not is_open(secret)
    with pytest.raises(Dead, match="ended on"):
        accept(user=charlie, secret=secret)


def test_revoked(alice, bob, charlie, team, secret, lines):
    invitation = by_secret(secret)
    with pytest.raises(PermissionDenied):
        revoke(user=bob, invitation=invitation)
    with pytest.raises(PermissionDenied):
        invitation_for(bob, invitation.id)
    revoke(user=alice, invitation=invitation)
    revoke(user=alice, invitation=invitation)
    assert lines()[-1] == "alice revoked an invitation for an editor"
    assert not is_open(secret)
    with pytest.raises(Dead, match="revoked"):
        accept(user=charlie, secret=secret)


def test_a_made_up_one(alice, charlie):
    for secret in ("made-up", "", "\x00"):
        with pytest.raises(Http404):
            accept(user=charlie, secret=secret)
    with pytest.raises(Http404):
        invitation_for(alice, "made-up")


def test_who_may_invite_and_how(alice, bob, team):
    with pytest.raises(PermissionDenied):
        invite(user=bob, team=team, role="viewer")
    for role, ends, field in (("king", None, "role"), ("viewer", timezone.now(), "expires_at")):
        with pytest.raises(Invalid) as refused:
            invite(user=alice, team=team, role=role, expires_at=ends)
        assert refused.value.errors[0][0] == field
    with pytest.raises(Invalid, match="At most 100"):
        invite(user=alice, team=team, role="viewer", recipient="x" * 101)


def test_who_stops_being_an_owner_at_this_moment_leaves_no_link(alice, bob, team, monkeypatch):
    def stepping_down(length: int) -> str:
        Membership.objects.filter(team=team, user=alice).update(role="editor")
        return "x" * length

    monkeypatch.setattr("webapp.teams.invitations.secrets.token_urlsafe", stepping_down)
    with pytest.raises(PermissionDenied):
        invite(user=alice, team=team, role="owner")
    assert not Invitation.objects.filter(role="owner").exists()


def test_the_list_has_those_that_wait(alice, bob, charlie, team, secret):
    invite(user=alice, team=team, role="viewer")
    accept(user=charlie, secret=secret)
    assert [invitation.role for invitation in invitations_of(alice, team)] == ["viewer"]
    with pytest.raises(PermissionDenied):
        invitations_of(bob, team)
