"""Sockets that are open close when what they show is taken away."""

from __future__ import annotations

import time

import pytest

from tests.webapp.live.test_sockets import listened, patient, run, state, view  # noqa: F401 - fixtures
from webapp.accounts.models import Token
from webapp.accounts.services import create_token, revoke_token
from webapp.live import access
from webapp.live.publish import publish_access
from webapp.origins import Caller
from webapp.teams.models import Membership

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["runs", "teams"])
def path(request, run, alice) -> str:  # noqa: F811
    return f"/ws/runs/{run.id}?after=0" if request.param == "runs" else f"/ws/teams/{alice.personal_team.id}"


@pytest.fixture
def heard(server, valkey, monkeypatch):
    """Nobody looks of his own accord: only what is told closes a socket."""
    monkeypatch.setattr(access, "LOOK", 60)


def told_until_closed(viewer, *user_ids: str) -> int:
    """The code with which it closes. (The server listens to the group a moment after the first viewer came.)"""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        publish_access(*user_ids)
        try:
            viewer.socket.recv(0.3)
        except TimeoutError:
            continue
        except Exception:
            return viewer.code()
    raise AssertionError("it stays open")


def test_a_role_that_is_taken_away(heard, view, path, alice, bob):  # noqa: F811
    mine, theirs = view(path), view(path, user=bob)
    Membership.objects.filter(user=bob).exclude(team=bob.personal_team).delete()
    assert told_until_closed(theirs, bob.id) == 4404
    publish_access(alice.id)
    with pytest.raises(TimeoutError):
        mine.socket.recv(0.5)


def test_a_token_that_is_revoked(heard, view, path, alice):  # noqa: F811
    token, plain = create_token(user=alice, name="a script")
    viewer = view(path, additional_headers={"Authorization": f"Bearer {plain}"})
    other = view(path)
    revoke_token(user=alice, token_id=token.id)
    assert told_until_closed(viewer, alice.id) == 4404
    with pytest.raises(TimeoutError):
        other.socket.recv(0.5)


def test_without_a_word_everybody_is_looked_at_every_few_seconds(server, view, path, bob, monkeypatch):  # noqa: F811
    monkeypatch.setattr(access, "LOOK", 0.2)
    viewer = view(path, user=bob)
    Membership.objects.filter(user=bob).delete()
    assert viewer.code() == 4404


def test_how_many_look_on_costs_no_query(alice, bob, make, django_assert_num_queries):
    token, _ = create_token(user=bob, name="a script")
    bob.token = token
    team = alice.personal_team.id
    passes = [access.Pass(Caller(bob), team) for _ in range(30)] + [access.Pass(Caller(alice, "gone"), team)]
    with django_assert_num_queries(3):
        assert access.worthless(passes) == passes[30:]
    Token.objects.update(revoked_at="2026-01-01T00:00Z")
    assert access.worthless(passes) == passes
