"""REST: invitations, and tokens whose scopes narrow what they may do."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from webapp.accounts.services import create_token
from webapp.teams.invitations import accept
from webapp.teams.selectors import role_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(client, alice):
    """Asks as alice, with a token of these scopes."""

    def asked(method: str, path: str, body: dict | None = None, scopes=("read", "train", "share", "delete", "manage")):
        token = create_token(user=alice, name="script", scopes=scopes)[1]
        headers = {"Authorization": f"Bearer {token}"}
        return client.generic(method, f"/api/v1{path}", _json(body), content_type="application/json", headers=headers)

    return asked


def _json(body: dict | None) -> str:
    return "" if body is None else json.dumps(body)


def test_an_invitation_from_a_script(asked, charlie, team):
    ends = timezone.now() + timedelta(hours=1)
    made = asked("POST", f"/teams/{team.id}/invitations", {"role": "editor", "expires_at": ends.isoformat()})
    body = made.json()
    assert (made.status_code, body["role"], body["team_id"]) == (201, "editor", team.id)
    assert body["url"].startswith("http://testserver/join/")
    assert accept(user=charlie, secret=body["url"].rpartition("/")[2]) == team
    assert role_of(charlie, team) == "editor"


@pytest.mark.parametrize(("body", "field"), [
    ({"role": "king"}, "role"), ({}, "role"), ({"role": "viewer", "expires_at": "2020-01-01T00:00Z"}, "expires_at"),
    ({"role": "viewer", "expires_at": "9999-12-31T23:59:59-14:00"}, "expires_at"),
    ({"role": "viewer", "expires_at": "soon"}, "expires_at"), ({"role": "viewer", "email": "a@b.org"}, "email"),
])  # fmt: skip
def test_what_is_wrong_is_named(asked, team, body, field):
    answer = asked("POST", f"/teams/{team.id}/invitations", body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_revoking_twice_is_no_error(asked, team):
    invitation = asked("POST", f"/teams/{team.id}/invitations", {"role": "viewer"}).json()["id"]
    assert [asked("DELETE", f"/invitations/{invitation}").status_code for _ in range(2)] == [204, 204]
    assert asked("DELETE", "/invitations/made-up").status_code == 404


def test_who_i_am(asked, alice, team):
    assert asked("GET", "/me").json() == {
        "id": alice.id, "email": "alice@example.org",
        "teams": [
            {"id": alice.personal_team.id, "name": "alice", "role": "owner"},
            {"id": team.id, "name": "Poetry lab", "role": "owner"},
        ],
    }  # fmt: skip


def test_scopes_narrow_the_role(asked, team, make):
    run = make.run(team)
    acts = {
        "train": ("POST", f"/runs/{run.id}/stop", None), "share": ("POST", "/models", {"run_id": run.id, "name": "m"}),
        "delete": ("DELETE", f"/runs/{run.id}", None),
        "manage": ("POST", f"/teams/{team.id}/invitations", {"role": "viewer"}),
    }  # fmt: skip
    for needed, act in acts.items():
        for scope in sorted(("read", *acts), key=needed.__eq__):  # the one that may is the last
            answer = asked(*act, scopes=[scope])
            assert (answer.status_code == 403) == (scope != needed), (needed, scope, answer.content)
            if scope != needed:
                assert f"its scopes are {scope}" in answer.json()["detail"]
        assert asked("GET", "/runs", scopes=[needed]).status_code == 200
