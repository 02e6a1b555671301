"""Lists, a page at a time."""

from __future__ import annotations

import base64
import json

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def get(alice, token):
    client = Client(headers={"Authorization": f"Bearer {token(alice)}"})
    return lambda path: client.get(f"/api/v1{path}")


def test_pages_hold_everything_once_newest_first(get, alice, make):
    from webapp.datasets.models import Dataset

    made = [make.dataset(alice.personal_team, name=f"{n}").id for n in range(7)]
    born = Dataset.objects.get(id=made[2]).created_at
    Dataset.objects.filter(id__in=made[2:5]).update(created_at=born)  # in the same moment: the id decides
    made[2:5] = sorted(made[2:5])
    seen, cursor = [], ""
    while True:
        answer = get(f"/datasets?limit=2{cursor}").json()
        seen += [item["id"] for item in answer["items"]]
        if answer["next"] is None:
            break
        assert len(answer["items"]) == 2
        cursor = f"&cursor={answer['next']}"
    assert seen == made[::-1]


def test_a_page_that_is_just_full_says_that_it_is_the_last(get, alice, make):
    make.dataset(alice.personal_team)
    make.dataset(alice.personal_team)
    assert get("/datasets?limit=2").json()["next"] is None


def cursor(body: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(body).encode()).decode()


NOW = "2026-01-01T00:00:00+00:00"
MADE_UP = [
    "a", "!!!!", "e30", "W10", "ü", "%00", "a" * 1600, base64.urlsafe_b64encode(b"[" * 100).decode(), cursor(NOW),
    cursor([NOW, "x"]), cursor(["newest", NOW]), cursor(["newest", NOW, {NOW: "x"}]),
    cursor(["newest", "x", [NOW, "x"]]),
    *(cursor(["newest", NOW, values]) for values in (
        [], [NOW], [NOW, "x", 1], ["2026", 3], ["2026-01-01T00:00:00", "x"], [NOW, "\0"], [NOW, []], [None, "x"],
        ["9999-12-31T23:59:59-14:00", "x"], ["0001-01-01T00:00:00+14:00", "x"],
    )),
]  # fmt: skip


@pytest.mark.parametrize("cursor", MADE_UP)
def test_a_made_up_cursor_is_refused(get, cursor):
    for path in ("/datasets", "/runs", "/models"):
        answer = get(f"{path}?cursor={cursor}")
        assert answer.status_code == 422, answer.content
        assert answer.json()["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize(("sort", "value"), [
    ("best", "1"), ("best", float("nan")), ("best", 10**400), ("time", 0.5), ("time", 10**30), ("name", None),
    ("name", "a\0"), ("name", "\ud800"), ("name", ["a"]), ("status", 3),
])  # fmt: skip
def test_values_of_a_column_that_nobody_gave_out_are_refused(get, sort, value):
    answer = get(f"/runs?sort={sort}&cursor={cursor([sort, NOW, [value, NOW, 'x']])}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor"), answer.content


@pytest.mark.parametrize("limit", ["0", "1001", "many", "-1", "1e3"])
def test_a_limit_out_of_bounds_is_refused(get, limit):
    assert get(f"/runs?limit={limit}").json()["errors"][0]["field"] == "limit"


def test_a_list_of_one_team(get, alice, bob, make):
    from webapp.teams.models import Membership

    Membership.objects.create(team=bob.personal_team, user=alice, role="viewer")
    own, other = make.dataset(alice.personal_team), make.dataset(bob.personal_team)
    listed = lambda path: {item["id"] for item in get(path).json()["items"]}  # noqa: E731
    assert listed("/datasets") == {own.id, other.id}
    assert listed(f"/datasets?team_id={bob.personal_team.id}") == {other.id}
    assert get("/datasets?team_id=nobodysteam").status_code == 404


def test_a_list_costs_the_same_queries_however_long(get, alice, make, django_assert_max_num_queries):
    for _ in range(3):
        make.run(alice.personal_team)
        make.dataset(alice.personal_team)
    for path in ("/datasets", "/models"):
        with django_assert_max_num_queries(5):
            get(path)
    with django_assert_max_num_queries(5):
        assert len(get("/runs").json()["items"]) == 3
