"""Every list takes as many queries with thirty rows as with three. A list without a row here fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from webapp.accounts.services import create_token, create_user
from webapp.api.api import api
from webapp.models.openings import opened
from webapp.models.services import share
from webapp.runs.models import Run, Status
from webapp.teams.history import note
from webapp.teams.models import Membership, Role

pytestmark = pytest.mark.django_db

FEW, MANY = 3, 30


class House:
    """What the lists show; each method adds one row of something to alice's team."""

    def __init__(self, alice, make) -> None:
        self.alice, self.make, self.team = alice, make, alice.personal_team
        self.shared = make.dataset(self.team)
        self.trained = make.trained(self.team, dataset=self.shared)
        self.model = make.model(self.team, alice, run=self.trained)

    def dataset(self, number: int) -> None:
        self.make.dataset(self.team, status=["ready", "processing", "failed"][number % 3])

    def run(self, number: int) -> None:
        """On the dataset that is looked at, by turns waiting, training and done."""
        status = [Status.QUEUED, Status.RUNNING, Status.FINISHED][number % 3]
        run = self.make.run(self.team, dataset=self.shared, status=status)
        self.make.events(run, {"kind": "evaluated", "step": 1, "split": "valid", "loss": 1.0, "metrics": {}})

    def deleted_run(self, number: int) -> None:
        run = self.make.run(self.team, dataset=self.shared, status=Status.FINISHED)
        Run.objects.filter(id=run.id).update(deleted_at=timezone.now())

    def published(self, number: int) -> None:
        self.make.model(self.team, self.alice, run=self.trained)

    def link(self, number: int) -> None:
        opened(share(user=self.alice, model=self.model)[0], self.alice)

    def member(self, number: int) -> None:
        user = create_user(email=f"member-{number}@example.org", password="a good long password")
        Membership.objects.create(team=self.team, user=user, role=Role.VIEWER)

    def entry(self, number: int) -> None:
        note(self.alice, "created", self.shared)

    def token(self, number: int) -> None:
        create_token(user=self.alice, name=f"token {number}")

    def checkpoint(self, number: int) -> None:
        self.make.checkpoint(self.trained, 100 + number)


# address → what its rows are. A new list joins with a line; what else an address without arguments shows is in NO_LIST.
LISTS: list[tuple[str, str]] = [
    ("home", "run"),
    ("home", "published"),
    ("datasets:list", "dataset"),
    ("datasets:detail", "run"),
    ("runs:list", "run"),
    ("runs:deleted", "deleted_run"),
    ("runs:compare", "run"),
    ("runs:new", "dataset"),
    ("runs:detail", "published"),
    ("runs:checkpoints", "checkpoint"),
    ("models:list", "published"),
    ("models:detail", "link"),
    ("queue:page", "run"),
    ("teams:detail", "member"),
    ("teams:history", "entry"),
    ("settings", "token"),
    ("/api/v1/datasets", "dataset"),
    ("/api/v1/runs", "run"),
    ("/api/v1/models", "published"),
    ("/api/v1/me", "member"),
    ("/api/v1/models/{model_id}/shares", "link"),
    ("models:shares", "link"),
    ("/api/v1/runs/{run_id}/checkpoints", "checkpoint"),
    ("/api/v1/runs/{run_id}/events", "checkpoint"),
]
NO_LIST = {
    "account_login", "account_signup", "account_logout", "account_inactive", "account_change_password", "api-docs",
    "make_token", "datasets:paste", "datasets:synthetic", "datasets:example", "runs:act", "runs:estimate",
    "runs:recipe", "teams:current", "teams:new", "teams:switch",
    "/api/v1/datasets/{dataset_id}", "/api/v1/datasets/{dataset_id}/download", "/api/v1/runs/{run_id}",
    "/api/v1/runs/{run_id}/report", "/api/v1/runs/{run_id}/checkpoints/{step}/download", "/api/v1/models/{model_id}",
    "/api/v1/models/{model_id}/download", "/api/v1/models/{model_id}/report", "/api/v1/uploads/{upload_id}",
    "/api/v1/datasets/{dataset_id}/versions",
}  # fmt: skip


@pytest.mark.parametrize(("name", "row"), LISTS, ids=lambda value: value)
def test_a_list_takes_as_many_queries_for_many_rows(name, row, alice, make, monkeypatch):
    monkeypatch.setattr("webapp.runs.selectors.workers.alive", lambda role: 1)
    house = House(alice, make)
    client = Client()
    client.force_login(alice)
    add: Callable[[int], None] = getattr(house, row)
    address = _address(name, house)

    for number in range(FEW):
        add(number)
    few = _queries(client, address)
    for number in range(FEW, MANY):
        add(number)
    assert len(_queries(client, address)) <= len(few), "with many rows"


def _queries(client: Client, address: str) -> list[str]:
    client.get(address)  # what is asked once and kept
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(address)
    assert answer.status_code == 200, answer
    return [query["sql"] for query in seen.captured_queries]


def _address(name: str, house: House) -> str:
    ids = {"run_id": house.trained.id, "dataset_id": house.shared.id, "model_id": house.model.id,
           "team_id": house.team.id}  # fmt: skip
    if name.startswith("/"):
        return name.format(**ids)
    wanted = next(names for found, names, _ in routes() if found == name)
    return reverse(name, kwargs={each: ids[each] for each in wanted})


def routes(resolver: URLResolver | None = None, space: str = "", given: tuple[str, ...] = ()) -> list[Any]:
    """Every named address of the pages: (name, what it takes, view)."""
    found = []
    for one in (resolver or get_resolver()).url_patterns:
        takes = given + tuple(one.pattern.converters)
        if isinstance(one, URLResolver):
            if one.namespace != "api-1.0.0" and one.app_name != "ninja":
                found += routes(one, f"{one.namespace}:" if one.namespace else space, takes)
        elif isinstance(one, URLPattern) and one.name:
            found.append((space + one.name, takes, one.callback))
    return found


def test_every_list_has_a_row():
    pages = {name for name, takes, _ in routes() if not takes}
    rest = {path for path, operations in api.get_openapi_schema()["paths"].items() if "get" in operations}
    listed = {name for name, _ in LISTS}
    assert sorted(pages | rest) == sorted((pages | rest) & (listed | NO_LIST)), "neither in LISTS nor in NO_LIST"
    known = {name for name, _, _ in routes()} | rest
    assert sorted(listed | NO_LIST) == sorted((listed | NO_LIST) & known), "gone"
