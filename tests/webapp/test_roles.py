"""Every route, fragment, upload and socket, asked as everybody: owner, editor, viewer, outsider, who has a link that
works or that has ended, who has a revoked token, and nobody. What each gets stands in :mod:`tests.webapp.roles`."""

from __future__ import annotations

import base64
import copy
import json
import re
from datetime import timedelta
from functools import cache
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLResolver
from django.utils import timezone
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.webapp import roles
from tests.webapp.roles import EVERYBODY, PAGES, REST, ROWS, SIGNED_IN, SOCKETS, UPLOADS, expected

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

FRAGMENT = {"HX-Request": "true"}


def addresses(resolver: Any = None, prefix: str = "/") -> set[str]:
    """Every address of the urlconf, parameters as {name}."""
    found = set()
    for pattern in (resolver or get_resolver()).url_patterns:
        here = prefix + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            found |= addresses(pattern, here)
        else:
            found.add(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", here))
    return found


def rest() -> set[str]:
    """Every route that the API describes, uploads among them."""
    from webapp.api.api import api

    paths = api.get_openapi_schema()["paths"]
    return {f"{method.upper()} {path}" for path, operations in paths.items() for method in operations}


def without_method(routes: Any) -> set[str]:
    return {route.split(" ")[1] for route in routes}


def test_every_route_has_a_row():
    from webapp.live import consumers

    told = "give it a row in tests/webapp/roles.py, then: python -m tests.webapp.roles docs/reliability.md"
    assert rest() == set(REST) | set(UPLOADS), told
    assert addresses() == without_method(PAGES) | without_method(REST), told
    assert {f"WS /ws/{name}/{{{name[:-1]}_id}}" for name in consumers.SOCKETS} == set(SOCKETS), told


def test_the_document_has_the_table_as_it_is():
    text = (Path(django_settings.BASE_DIR) / "docs" / "reliability.md").read_text()
    assert roles.BEGIN in text
    assert roles.written_into(text) == text, "python -m tests.webapp.roles docs/reliability.md"


@pytest.fixture
def lab(alice, bob, charlie, make, settings, monkeypatch):
    """A team with one thing of each kind, and everybody who may ask for it."""
    from webapp.api.api import Api

    monkeypatch.setattr("webapp.models.replies.SILENCE", 0.1)  # no Redis runs here: nobody shall wait for it
    described = cache(Api.get_openapi_schema)  # the same for everybody
    monkeypatch.setattr(Api, "get_openapi_schema", lambda api, **options: described(api))
    return Lab({"owner": alice, "editor": bob, "outsider": charlie}, make)


class Lab:
    def __init__(self, people: dict[str, Any], make: Any) -> None:
        from webapp.accounts.services import create_token, create_user, revoke_token
        from webapp.datasets.services import create_upload
        from webapp.models.models import Share
        from webapp.models.services import share
        from webapp.teams.invitations import invite
        from webapp.teams.models import Membership
        from webapp.teams.services import create

        owner = people["owner"]
        team = create(user=owner, name="Poetry lab")
        people["viewer"] = create_user(email="dora@example.org", password="a good long password")
        erin = create_user(email="erin@example.org", password="a good long password")
        for user, role in ((people["editor"], "editor"), (people["viewer"], "viewer"), (erin, "viewer")):
            Membership.objects.create(team=team, user=user, role=role)
        self.people, self.team = people, team
        self._browser = Client()
        self._cookies: dict[str, SimpleCookie] = {}
        self.tokens = {who: create_token(user=user, name=who) for who, user in people.items()}
        self.revoked = create_token(user=owner, name="revoked")
        revoke_token(user=owner, token_id=self.revoked[0].id)

        model = make.model(team, owner)
        link, path = share(user=owner, model=model)
        over, ended = share(user=owner, model=model)
        Share.objects.filter(id=over.id).update(expires_at=timezone.now() - timedelta(days=1))
        invitation, join = invite(user=owner, team=team, role="viewer")
        self.invitation = join.removeprefix("/join/")
        self.secrets = {"shared link": path[3:], "expired link": ended[3:], "nobody": "made-up"}
        self.things = {
            "team_id": team.id, "person_id": erin.id, "dataset_id": make.read(team).id, "number": "1",
            "run_id": self._stopped(make.trained(team, dataset=make.read(team))), "step": "10", "what": "stop",
            "model_id": model.id, "share_id": link.id,
            "invitation_id": invitation.id,
            "token_id": self.tokens["owner"][0].id,
            "upload_id": create_upload(user=owner, team=team, filename="a.txt", length=9).id,
        }  # fmt: skip

    def _stopped(self, run: Any) -> str:
        """A run that may go on: its recipe is filled in, as that of one that was started."""
        from rnncore.recipe import Recipe
        from webapp.runs.estimate import planned

        filled = planned(run.version, Recipe.parse(run.recipe)).recipe.to_dict()
        type(run).objects.filter(id=run.id).update(status="stopped", filled=filled, steps=2000)
        return run.id

    def filled(self, text: str, who: str) -> str:
        """With the ids of things; a link's secret is the one that ``who`` has."""
        text = text.replace("/join/{secret}", f"/join/{self.invitation}")
        secret = self.secrets.get(who, self.secrets["shared link"])
        for name, value in {**self.things, "secret": secret}.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def client(self, who: str) -> Client:
        """A browser of theirs, as it was before. Who has only a link has opened it."""
        client = self._browser  # one for all, with the cookies of each: a new one loads all middleware anew
        client.cookies = SimpleCookie()
        if who not in self._cookies:
            if who in SIGNED_IN:
                client.force_login(self.people[who])
                client.post("/teams/switch/", {"team": self.team.id})
            elif who.endswith("link"):
                client.get(f"/s/{self.secrets[who]}")
            self._cookies[who] = client.cookies
        client.cookies = copy.deepcopy(self._cookies[who])
        return client

    def program(self) -> Client:
        """What has no cookies."""
        self._browser.cookies = SimpleCookie()
        return self._browser

    def credentials(self, who: str) -> dict[str, str]:
        """What their program sends."""
        plain = self.revoked[1] if who == "revoked token" else self.tokens.get(who, (None, None))[1]
        return {"Authorization": f"Bearer {plain}"} if plain else {}


def families(routes: Any) -> list[list[str]]:
    """The routes by what they are about; a test for each, which makes its things once.

    What takes files away comes last: the database goes back after each request, the disk does not.
    """
    found: dict[str, list[str]] = {}
    for route in routes:
        word = re.search(r"/(datasets|runs|models|teams)\b", route)
        found.setdefault(word[1] if word else "others", []).append(route)
    return [sorted(routes, key=lambda route: ROWS[route].gate == "delete") for routes in found.values()]


def sent(lab: Lab, client: Client, route: str, who: str, headers: dict[str, str]) -> int:
    """The status of the answer; what was done is taken back."""
    method, path = route.split(" ")
    body = json.loads(lab.filled(json.dumps(ROWS[route].body or {}), who))
    given: dict[str, Any] = {"headers": headers}
    if route in REST or "/s/" in route:
        given |= {"data": json.dumps(body) if method in ("POST", "PATCH") else "", "content_type": "application/json"}
    else:
        given |= {"data": body}
    ask = getattr(client, method.lower())
    path = lab.filled(path, who)
    if any(word in path for word in ("/generate", "/predict", "/download")):
        return ask(path, **given).status_code  # answered in threads of their own, which would not see the transaction
    with transaction.atomic():
        status = ask(path, **given).status_code
        transaction.set_rollback(True)
    return status


@pytest.mark.parametrize("routes", families(PAGES), ids=lambda routes: routes[-1])
def test_pages_and_fragments(lab, routes):
    wrong = []
    for route in routes:
        for who in EVERYBODY:
            for fragment in (False, True) if route.startswith("GET") and "/api/" not in route else (False,):
                headers = lab.credentials(who) if who == "revoked token" else {}
                headers |= FRAGMENT if fragment else {}
                got = sent(lab, lab.client(who), route, who, headers)
                if got != (want := expected(route, who, fragment=fragment)):
                    wrong.append(f"{route}{' as a fragment' if fragment else ''}, {who}: {got}, not {want}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("routes", families(REST), ids=lambda routes: routes[-1])
def test_rest(lab, routes):
    wrong = []
    for route in routes:
        for who in EVERYBODY:
            got = sent(lab, lab.program(), route, who, lab.credentials(who))
            if got != (want := expected(route, who)):
                wrong.append(f"{route}, {who}: {got}, not {want}")
    assert not wrong, "\n".join(wrong)


def test_what_a_page_takes_is_all_in_the_table(lab):
    """An owner who asks in a way that has no row is told that there is no such way."""
    client = lab.client("owner")
    wrong = []
    for path in without_method(PAGES):
        if path.startswith(("/accounts/", "/api/")) or path == "/healthz":
            continue  # not ours, or answered whatever the method
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - {
            r.split(" ")[0] for r in PAGES if r.split(" ")[1] == path
        }:
            status = client.generic(method, lab.filled(path, "owner")).status_code
            if status != 405:
                wrong.append(f"{method} {path}: {status}")
    assert not wrong, "\n".join(wrong)


def test_uploads(lab, server):
    wrong = []
    for route in sorted(UPLOADS, key=lambda route: route.startswith("DELETE")):
        method, path = route.split(" ")
        for who in reversed(EVERYBODY):  # who may most comes last: an upload is written and taken back once
            headers = {"Tus-Resumable": "1.0.0", **lab.credentials(who)}
            if method == "POST":
                team = base64.b64encode(lab.team.id.encode()).decode()
                headers |= {"Upload-Length": "5", "Upload-Metadata": f"filename YS50eHQ=,team_id {team}"}
            if method == "PATCH":
                headers |= {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
            got = server.request(method, lab.filled(path, who), headers=headers).status
            want = expected(route, who)
            if route.startswith("DELETE") and who == "owner":
                want = 404  # the editor has just taken it back
            if got != want:
                wrong.append(f"{route}, {who}: {got}, not {want}")
    assert not wrong, "\n".join(wrong)


def test_sockets(lab, server):
    wrong = []
    for route in SOCKETS:
        for who in EVERYBODY:
            url = f"ws://{server.host}{lab.filled(route.split(' ')[1], who)}"
            with connect(url, additional_headers=lab.credentials(who), close_timeout=0.2) as socket:
                got = roles.OPEN
                try:
                    socket.recv(0.3)
                except TimeoutError:
                    pass
                except ConnectionClosed as closed:
                    got = closed.rcvd.code
            if got != (want := expected(route, who)):
                wrong.append(f"{route}, {who}: {got}, not {want}")
    assert not wrong, "\n".join(wrong)
