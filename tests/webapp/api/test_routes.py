"""Every route of the API as its owner, as an outsider and as nobody. A route without an entry here fails."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from webapp.api.api import api

pytestmark = pytest.mark.django_db(transaction=True)

RECIPE = {"task": {"kind": "language_model"}, "training": {"max_steps": 20}}

# route → (what it is about, the body, what the owner gets, what a viewer of the team gets)
ROUTES = {
    "GET /api/v1/me": (None, None, 200, 200),
    "POST /api/v1/teams/{team_id}/invitations": ("team", {"role": "viewer"}, 201, 403),
    "DELETE /api/v1/invitations/{invitation_id}": ("invitation", None, 204, 403),
    "POST /api/v1/datasets": (None, {"name": "a", "text": "b"}, 201, 201),
    "GET /api/v1/datasets": (None, None, 200, 200),
    "GET /api/v1/datasets/{dataset_id}": ("dataset", None, 200, 200),
    "GET /api/v1/datasets/{dataset_id}/versions": ("dataset", None, 200, 200),
    "GET /api/v1/datasets/{dataset_id}/download": ("dataset", None, 200, 200),
    "DELETE /api/v1/datasets/{dataset_id}/versions/{number}": ("dataset", None, 409, 403),  # it is the only one
    "PATCH /api/v1/datasets/{dataset_id}": ("dataset", {"name": "b"}, 200, 403),
    "DELETE /api/v1/datasets/{dataset_id}": ("dataset", None, 204, 403),
    "POST /api/v1/plan": ("dataset", {"dataset_id": "{dataset_id}", "recipe": RECIPE}, 200, 200),
    "POST /api/v1/runs": (
        "dataset", {"dataset_id": "{dataset_id}", "recipe": RECIPE, "team_id": "{team_id}"}, 201, 403),
    "GET /api/v1/runs": (None, None, 200, 200),
    "GET /api/v1/runs/{run_id}": ("run", None, 200, 200),
    "GET /api/v1/runs/{run_id}/events": ("run", None, 200, 200),
    "GET /api/v1/runs/{run_id}/checkpoints": ("run", None, 200, 200),
    "GET /api/v1/runs/{run_id}/checkpoints/{step}/download": ("run", None, 200, 200),
    "GET /api/v1/runs/{run_id}/report": ("run", None, 404, 404),  # a language model's metrics hide nothing
    "POST /api/v1/runs/{run_id}/stop": ("run", None, 202, 403),
    "POST /api/v1/runs/{run_id}/pause": ("run", None, 202, 403),
    "POST /api/v1/runs/{run_id}/resume": ("run", None, 202, 403),
    "POST /api/v1/runs/{run_id}/front": ("run", None, 202, 403),
    "DELETE /api/v1/runs/{run_id}": ("run", None, 204, 403),
    "POST /api/v1/models": ("run", {"run_id": "{run_id}", "name": "m"}, 201, 403),
    "GET /api/v1/models": (None, None, 200, 200),
    "GET /api/v1/models/{model_id}": ("model", None, 200, 200),
    "PATCH /api/v1/models/{model_id}": ("model", {"name": "b"}, 200, 403),
    "DELETE /api/v1/models/{model_id}": ("model", None, 204, 403),
    "DELETE /api/v1/models/{model_id}/versions/{number}": ("model", None, 409, 403),  # it is the only one
    "GET /api/v1/models/{model_id}/download": ("model", None, 200, 200),
    "GET /api/v1/models/{model_id}/report": ("model", None, 404, 404),
    # 503: no inference worker runs here, so whoever may ask is told so
    "POST /api/v1/models/{model_id}/generate": ("model", {"prompt": "a"}, 503, 503),
    "POST /api/v1/models/{model_id}/predict": ("model", {"inputs": ["a"]}, 409, 409),  # a language model writes
    "GET /api/v1/models/{model_id}/shares": ("model", None, 200, 403),
    "POST /api/v1/models/{model_id}/shares": ("model", {}, 201, 403),
    "DELETE /api/v1/shares/{share_id}": ("share", None, 204, 403),
    # The uploads are beside Django: tests/webapp/datasets/test_tus.py asks them as all three.
    "POST /api/v1/uploads": None,
    "HEAD /api/v1/uploads/{upload_id}": None,
    "PATCH /api/v1/uploads/{upload_id}": None,
    "DELETE /api/v1/uploads/{upload_id}": None,
    "GET /api/v1/uploads/{upload_id}": None,
}  # fmt: skip


def _routes() -> set[str]:
    paths = api.get_openapi_schema()["paths"]
    return {f"{method.upper()} {path}" for path, operations in paths.items() for method in operations}


def test_every_route_has_an_entry():
    assert _routes() == set(ROUTES)


@pytest.fixture
def things(alice, make):
    """One thing of each kind, all alice's; the run waits and has a checkpoint."""
    from webapp.models.services import share
    from webapp.runs.models import Run
    from webapp.teams.invitations import invite

    team = alice.personal_team
    run = make.trained(team)
    model = make.model(team, alice, run=run)
    Run.objects.filter(id=run.id).update(status="queued")
    return {
        "dataset_id": make.dataset(team).id, "run_id": run.id, "model_id": model.id,
        "share_id": share(user=alice, model=model)[0].id, "team_id": team.id,
        "number": "1", "step": "10", "invitation_id": invite(user=alice, team=team, role="viewer")[0].id,
    }  # fmt: skip


@pytest.fixture(autouse=True)
def nobody_answers(settings, monkeypatch):
    """Redis is not running in these tests; that must not make anybody wait."""
    monkeypatch.setattr("webapp.models.replies.SILENCE", 0.1)


def _ask(route: str, things: dict[str, str], headers: dict[str, str], client: Client | None = None, query: str = ""):
    method, path = route.split(" ")
    body = ROUTES[route][1]
    for name, value in things.items():
        path = path.replace(f"{{{name}}}", value)
    text = None if body is None else json.dumps(body)
    for name, value in things.items():
        text = text and text.replace(f"{{{name}}}", value)
    client = client or Client()
    return client.generic(method, path + query, text or "", content_type="application/json", headers=headers)


@pytest.mark.parametrize("route", [route for route, entry in ROUTES.items() if entry])
def test_route(route, things, alice, bob, charlie, token):
    from webapp.teams.models import Membership

    about, _, owner, viewer = ROUTES[route]
    Membership.objects.filter(user=bob, team=alice.personal_team).update(role="viewer")

    def ask(user):
        return _ask(route, things, {"Authorization": f"Bearer {token(user)}"})

    nobody = _ask(route, things, {})
    assert nobody.status_code == 401, nobody.content
    assert nobody["WWW-Authenticate"] == "Bearer"
    assert _ask(route, things, {"Authorization": "Bearer unroll_made_up"}).status_code == 401

    outsider = ask(charlie)
    assert outsider.status_code == (404 if about else owner), outsider.content
    seeing = ask(bob)
    assert seeing.status_code == viewer, seeing.content
    for refused in (nobody, outsider, seeing):
        if refused.status_code >= 400:
            assert refused["Content-Type"] == "application/problem+json"
            assert {"type", "title", "status", "detail"} <= refused.json().keys()
            assert refused.json()["status"] == refused.status_code

    unknown = _ask(route, things, {"Authorization": f"Bearer {token(alice)}"}, query="?colour=red")
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "colour")

    answer = ask(alice)
    assert answer.status_code == owner, getattr(answer, "content", answer)


@pytest.mark.parametrize("route", [route for route, entry in ROUTES.items() if entry])
def test_route_by_session(route, things, alice):
    """The pages' own requests: reading needs the cookie, changing the CSRF token as well."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    without = _ask(route, things, {}, client)
    if route.startswith("GET"):
        assert without.status_code == ROUTES[route][2]
        return
    assert without.status_code == 403, without.content
    client.cookies["csrftoken"] = "a" * 32
    assert _ask(route, things, {"X-CSRFToken": "a" * 32}, client).status_code == ROUTES[route][2]


def test_a_bad_token_is_not_healed_by_a_cookie(alice):
    client = Client()
    client.force_login(alice)
    assert client.get("/api/v1/me").status_code == 200
    assert client.get("/api/v1/me", headers={"Authorization": "Bearer nonsense"}).status_code == 401
