"""What columns are for: guessed, confirmed, changed; and which tasks that makes possible."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from webapp.datasets import selectors, services
from webapp.datasets.roles import ROLES, columns
from webapp.datasets.tasks import proposed, servable
from webapp.problems import Conflict, Invalid
from webapp.teams.models import Membership

pytestmark = pytest.mark.django_db

TALKS = "who,said,mood,score\n" + "".join(
    f"{'ann' if n % 2 else 'ben'},they said thing number {n},{'glad' if n % 3 else 'sad'},{n / 7}\n" for n in range(40)
)


@pytest.fixture
def talks(alice, make):
    return make.table(alice.personal_team, name="talks.csv", text=TALKS)


def held(dataset) -> dict[str, str | None]:
    """The roles that hold, fetched anew."""
    dataset.refresh_from_db()
    return {column["name"]: column["role"] for column in columns(dataset.version)}


def test_guesses_hold_until_somebody_says_otherwise(alice, talks):
    before = held(talks)
    assert before["said"] == "text"
    assert "label" in before.values()
    assert not any(column["confirmed"] for column in columns(talks.version))
    services.confirm_roles(user=alice, dataset=talks, roles={"mood": "label", "who": "group", "said": "text"})
    assert held(talks) == {"who": "group", "said": "text", "mood": "label", "score": None}
    confirmed = {column["name"]: column["confirmed"] for column in columns(talks.version)}
    assert confirmed == {"who": True, "said": True, "mood": True, "score": False}


def test_a_role_that_only_one_column_can_have_moves(alice, talks):
    services.confirm_roles(user=alice, dataset=talks, roles={"mood": "label"})
    services.confirm_roles(user=alice, dataset=talks, roles={"score": "label"})
    assert (held(talks)["score"], held(talks)["mood"]) == ("label", None)
    assert [name for name, role in held(talks).items() if role == "label"] == ["score"], "nor does a guess hold it"
    services.confirm_roles(user=alice, dataset=talks, roles={"score": None})
    assert held(talks)["score"] is None


def test_several_columns_can_be_values(alice, make):
    rows = "".join(f"2024-01-{1 + n // 24:02} {n % 24:02}:00,{n % 24},{n * n}\n" for n in range(200))
    series = make.table(alice.personal_team, name="load.csv", text="hour,load,wind\n" + rows)
    services.confirm_roles(user=alice, dataset=series, roles={"load": "value", "wind": "value"})
    assert held(series) == {"hour": "time", "load": "value", "wind": "value"}
    assert proposed(series.version) == "forecasting"


@pytest.mark.parametrize(
    ("roles", "field", "words"),
    [
        ({"where": "text"}, "columns.where", "no such column; the file has who, said, mood, score"),
        ({"said": "king"}, "columns.said", "'king' is not a role; one of text, label"),
        ({"said": "value"}, "columns.said", "numbers are wanted"),
        ({"who": "label", "mood": "label"}, "columns.mood", "Only one column can be the label, and who is."),
        ({"who": 5}, "columns.who", "5 is not a role"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_at_the_column(alice, talks, roles, field, words):
    with pytest.raises(Invalid, match="columns") as refused:
        services.confirm_roles(user=alice, dataset=talks, roles=roles)
    assert refused.value.errors[0][0] == field
    assert words in refused.value.errors[0][1]
    talks.refresh_from_db()
    assert talks.roles == {}


def test_a_text_and_a_file_that_is_not_read_have_none(alice, make):
    with pytest.raises(Invalid, match="no columns"):
        services.confirm_roles(user=alice, dataset=make.read(alice.personal_team), roles={"a": "text"})
    unread = make.dataset(alice.personal_team, name="words.csv", status="processing")
    with pytest.raises(Conflict):
        services.confirm_roles(user=alice, dataset=unread, roles={"a": "text"})


def test_what_columns_are_for_decides_what_can_be_learned(alice, make, talks):
    assert (servable(make.read(alice.personal_team).version), proposed(talks.version)) == (
        ["language_model"], proposed(selectors.dataset_for(alice, talks.id).version))  # fmt: skip
    assert "classification" in servable(talks.version)
    assert "language_model" not in servable(talks.version)
    services.confirm_roles(user=alice, dataset=talks, roles={"said": "text", "mood": "label"})
    assert proposed(talks.version) == "classification"
    services.confirm_roles(user=alice, dataset=talks, roles={"said": "source", "mood": None, "who": "target"})
    assert proposed(talks.version) == "seq2seq"
    assert proposed(make.dataset(alice.personal_team, status="failed").version) is None


def test_a_viewer_may_not_and_an_outsider_sees_nothing(bob, charlie, alice, talks):
    Membership.objects.filter(user=bob, team=alice.personal_team).update(role="viewer")
    for user, error in ((bob, PermissionDenied), (charlie, Http404)):
        with pytest.raises(error):
            services.confirm_roles(user=user, dataset=talks, roles={"mood": "label"})


def test_every_role_is_a_field_of_a_recipe():
    from rnncore.data.roles import MANY
    from rnncore.data.roles import ROLES as ENGINES

    assert set(ROLES) == set(ENGINES)
    assert {role for role, spec in ROLES.items() if spec.many} == MANY


class TestRest:
    @pytest.fixture
    def patch(self, client, alice, token, talks):
        headers = {"Authorization": f"Bearer {token(alice)}"}
        url = f"/api/v1/datasets/{talks.id}"
        return lambda body: client.patch(url, body, content_type="application/json", headers=headers)

    def test_columns_are_told_and_confirmed(self, patch):
        answer = patch({"name": "Talks", "columns": {"mood": "label", "who": None}})
        assert answer.status_code == 200, answer.content
        body = answer.json()
        assert (body["name"], body["format"], body["statistics"]["records"]) == ("Talks", "csv", 40)
        assert body["task"] == "classification"
        told = {column["name"]: column["role"] for column in body["columns"]}
        assert told == {"who": None, "said": "text", "mood": "label", "score": None}
        assert body["columns"][2]["values"] == [["glad", 26], ["sad", 14]]

    @pytest.mark.parametrize(
        ("columns", "field"),
        [
            ({"mood": "king"}, "columns.mood"),
            ({"x": "text"}, "columns.x"),
            ({"mood": 5}, "columns.mood"),
            ([], "columns"),
        ],
    )
    def test_nonsense_is_422_at_the_column(self, patch, columns, field):
        answer = patch({"columns": columns})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)

    @pytest.mark.parametrize("wrong", [{"task": "knitting"}, {"name": " "}])
    def test_all_of_it_or_nothing(self, patch, talks, wrong):
        assert patch({"columns": {"mood": "label"}, **wrong}).status_code == 422
        talks.refresh_from_db()
        assert talks.roles == {}


class TestPage:
    def test_it_has_what_a_page_shows(self, signed_in, talks):
        shown = signed_in.get(f"/datasets/{talks.id}/").context
        assert (shown["is_table"], shown["data_words"]) == (True, "40 records, 4 columns")
        cells = ["".join(piece.text for piece in cell) for _, cell in shown["rows"][1]]
        assert [right for right, _ in shown["rows"][1]] == [False, False, False, True], "numbers end at the right"
        assert cells == ["ann", "they said thing number 1", "glad", "0.14285714285714285"]
        assert [column["name"] for column in shown["columns"]] == ["who", "said", "mood", "score"]
        assert 'name="role-1"' in str(shown["columns"][1]["field"])
        assert [task["proposed"] for task in shown["tasks"]][:2] == [True, False]
        assert shown["tasks"][0]["url"].startswith(f"/runs/new/?dataset={talks.id}&task=")

    def test_roles_are_chosen(self, signed_in, talks):
        given = {"role-0": "", "role-1": "text", "role-2": "label", "role-3": ""}
        answer = signed_in.post(f"/datasets/{talks.id}/columns/", given)
        assert answer.headers["Location"] == f"/datasets/{talks.id}/"
        assert held(talks) == {"who": None, "said": "text", "mood": "label", "score": None}

    @pytest.mark.parametrize("wrong", [{"role-0": "label", "role-2": "label"}, {"role-2": "value"}, {"role-2": "king"}])
    def test_nonsense_stands_at_the_column(self, signed_in, talks, wrong):
        answer = signed_in.post(f"/datasets/{talks.id}/columns/", wrong)
        assert answer.status_code == 422
        assert answer.context["columns"][2]["field"].errors
        assert held(talks)["mood"] != "value"

    def test_an_outsider_finds_nothing_and_a_viewer_may_not(self, client, talks, bob, charlie, alice):
        Membership.objects.filter(user=bob, team=alice.personal_team).update(role="viewer")
        for user, status in ((bob, 403), (charlie, 404)):
            client.force_login(user)
            assert client.post(f"/datasets/{talks.id}/columns/", {"role-0": "text"}).status_code == status

    def test_lists_of_tokens_have_their_shape(self, signed_in, alice, make):
        rows = "".join(f'{{"tokens": {["a"] * (n % 5 + 1)}, "tags": {["X"] * (n % 5 + 1)}}}\n' for n in range(30))
        dataset = make.table(alice.personal_team, name="words.jsonl", text=rows.replace("'", '"'))
        page = signed_in.get(f"/datasets/{dataset.id}/").content.decode()
        assert "1 to 5 items, 3.0 on average" in page and "Train a tagger" in page

    def test_what_a_file_says_is_never_markup(self, signed_in, alice, make):
        evil = "<script>alert(1)</script>"
        text = f"{evil},b\n" + "".join(f"{evil} {n},x{n % 2}\n" for n in range(30))
        dataset = make.table(alice.personal_team, name="evil.csv", text=text)
        for url in (f"/datasets/{dataset.id}/", f"/runs/new/?dataset={dataset.id}"):
            page = signed_in.get(url).content.decode()
            assert evil not in page
