"""Runs of every task: planned, started, and refused at the field before a worker is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rnncore import catalog
from webapp.datasets import services as datasets
from webapp.runs import services
from webapp.runs.models import Run

pytestmark = pytest.mark.django_db

WORDS = ["red", "green", "blue", "black", "white", "grey", "brown", "pink", "gold"]


def lines(head: str, line: Callable[[int], str], count: int = 80) -> str:
    return "\n".join([head, *(line(n) for n in range(count))]) + "\n"


def few(n: int) -> str:
    """Some words."""
    return f"{WORDS[n % 9]} {WORDS[n % 7]} {WORDS[n % 5]}"


def tagged(n: int) -> str:
    """A word as a line of CoNLL-U."""
    return f"{n % 6 + 1}\t{WORDS[n % 9]}\t_\t{'NOUN' if n % 2 else 'ADJ'}\t_\t_\t0\troot\t_\t_"


TABLES = {
    "classification": lines("text,label", lambda n: f"{few(n)},{'ab'[n % 2]}"),
    "regression": lines("text,size", lambda n: f"{few(n)},{n / 3}"),
    "seq2seq": lines("source,target", lambda n: f"{WORDS[n % 9]} {n},{n} {WORDS[n % 9]}"),
    "conditional_generation": lines("label,tune", lambda n: f"{'ab'[n % 2]},{WORDS[n % 9]}{n}{WORDS[n % 5]}"),
    "forecasting": lines(
        "time,value", lambda n: f"2024-01-{1 + n // 24:02} {n % 24:02}:00,{n % 24 + n / 100}", count=480
    ),
    "tagging": lines("", lambda n: tagged(n) + ("\n" if n % 6 == 5 else ""), count=240).lstrip(),
}
NAMES = {"tagging": "words.conllu"}
KINDS = [kind for kind in catalog.TASKS if kind in TABLES]


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """There is no Redis here."""
    monkeypatch.setattr(services, "wake", lambda role: None)
    monkeypatch.setattr(services, "publish_run", lambda run: None)


@pytest.fixture
def table(alice, make):
    return lambda kind, text=None: make.table(
        alice.personal_team, name=NAMES.get(kind, "table.csv"), text=text or TABLES[kind]
    )


@pytest.fixture
def post(client, alice, token):
    headers = {"Authorization": f"Bearer {token(alice)}"}
    return lambda path, body: client.post(f"/api/v1{path}", body, content_type="application/json", headers=headers)


@pytest.mark.parametrize("kind", KINDS)
def test_each_task_is_planned_and_started(post, table, kind):
    dataset = table(kind)
    body = {"dataset_id": dataset.id, "recipe": {"task": {"kind": kind}, "training": {"max_steps": 20}}}
    plan = post("/plan", body)
    assert plan.status_code == 200, plan.content
    assert plan.json()["steps"] == 20
    assert plan.json()["parameters"] > 1000
    run = post("/runs", body)
    assert run.status_code == 201, run.content
    assert run.json()["recipe"] == body["recipe"], "as it was given"
    assert run.json()["filled"] == plan.json()["recipe"]
    columns = [name for name in run.json()["filled"]["task"] if name.endswith(("_column", "_columns"))]
    assert columns, "what is read is written down"
    if kind != "forecasting":
        assert catalog.TASKS[kind].label.lower() in run.json()["name"]


def test_confirmed_columns_stand_in_the_recipe_that_is_repeated(alice, post, table):
    dataset = table("seq2seq")
    datasets.confirm_roles(user=alice, dataset=dataset, roles={"source": "target", "target": "source"})
    run = post("/runs", {"dataset_id": dataset.id, "recipe": {"task": {"kind": "seq2seq"}}}).json()
    assert (run["recipe"]["task"]["source_column"], run["recipe"]["task"]["target_column"]) == ("target", "source")
    given = {"task": {"kind": "seq2seq", "source_column": "source", "target_column": "target"}}
    run = post("/runs", {"dataset_id": dataset.id, "recipe": given}).json()
    assert run["recipe"]["task"]["source_column"] == "source", "what the recipe says goes first"


FEW = lines("text,label", lambda n: f"a b c {n},{'xy'[n % 2]}", count=6)
SAME = lines("text,label", lambda n: f"{few(n)} {n},x")
MANY = lines("text,label", lambda n: f"{few(n)} {n},label number {n}", count=5200)
EMPTY = lines("text,label", lambda n: f"{few(n)} {n},{'x' if n < 3 else ''}")
NAMED = {"text_column": "text", "label_column": "label"}


@pytest.mark.parametrize(
    ("kind", "text", "task", "field", "words"),
    [
        ("classification", None, {"label_column": "mood"}, "task.label_column", "there is no column 'mood'"),
        ("classification", None, {"text_column": "mood"}, "task.text_column", "the file has 'text', 'label'"),
        ("classification", FEW, {}, "task.text_column", "at least 8 complete records"),
        ("classification", SAME, NAMED, "task.label_column", "same label"),
        ("classification", MANY, NAMED, "task.label_column", "5,200"),
        ("classification", EMPTY, NAMED, "task.label_column", "only 3 records"),
        ("classification", None, {"horizon": 5}, "task.horizon", "forecasting"),
        ("classification", None, {"pooling": "sum"}, "task.pooling", "is not one of"),
        ("seq2seq", None, {"target_column": "nowhere"}, "task.target_column", "no column 'nowhere'"),
        ("forecasting", None, {"horizon": 400, "lookback": 90}, "task.horizon", "480"),
        ("forecasting", None, {"value_columns": ["time"]}, "task.value_columns", "numbers are wanted"),
        ("forecasting", None, {"quantiles": [0.5, 1.5]}, "task.quantiles", "outside 0 to 1"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/plan", "/runs"])
def test_what_the_data_cannot_serve_is_refused_at_the_field(post, table, path, kind, text, task, field, words):
    dataset = table(kind, text)
    answer = post(path, {"dataset_id": dataset.id, "recipe": {"task": {"kind": kind, **task}}})
    assert answer.status_code == 422, answer.content
    errors = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert words in errors[f"recipe.{field}"], errors
    assert not Run.objects.exists()


def test_a_network_that_writes_cannot_read_from_the_end(post, table):
    dataset = table("conditional_generation")
    recipe = {"task": {"kind": "conditional_generation"}, "network": {"bidirectional": True}}
    answer = post("/runs", {"dataset_id": dataset.id, "recipe": recipe})
    assert [error["field"] for error in answer.json()["errors"]] == ["recipe.network.bidirectional"]


def test_a_text_has_no_records_and_a_table_is_no_text(post, table, alice, make):
    text = make.read(alice.personal_team)
    for dataset, kind, words in (
        (text, "classification", "is a text"),
        (table("seq2seq"), "language_model", "a table"),
    ):
        answer = post("/plan", {"dataset_id": dataset.id, "recipe": {"task": {"kind": kind}}})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "recipe.task.kind")
        assert words in answer.json()["detail"]


class TestOwnFilesToValidateAndTestOn:
    def start(self, post, dataset, **parts: Any):
        recipe = {"task": {"kind": "classification"}}
        return post("/runs", {"dataset_id": dataset.id, "recipe": recipe, **{k: v.id for k, v in parts.items()}})

    def test_they_are_taken(self, post, table):
        answer = self.start(post, table("classification"), valid_dataset_id=table("classification"),
                            test_dataset_id=table("classification"))  # fmt: skip
        assert answer.status_code == 201, answer.content
        run = Run.objects.get()
        assert None not in (run.valid_version, run.test_version)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("text,mood\n" + "a b c,a\nd e f,b\n" * 20, "has no column 'label'"),
            ("text,label\n" + "a b c,a\nd e f,c\n" * 20, "has the label 'c'"),
        ],
    )
    def test_what_does_not_fit_is_named(self, post, table, text, words):
        for part in ("valid_dataset_id", "test_dataset_id"):
            answer = self.start(post, table("classification"), **{part: table("classification", text)})
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, part)
            assert words in answer.json()["detail"]
        assert not Run.objects.exists()

    def test_a_text_is_no_table(self, post, table, alice, make):
        answer = self.start(post, table("classification"), test_dataset_id=make.read(alice.personal_team))
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "test_dataset_id")
