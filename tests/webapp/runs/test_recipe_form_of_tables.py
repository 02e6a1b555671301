"""The recipe's form where the data has columns: which tasks, which fields, which columns."""

from __future__ import annotations

import re

import pytest
from django.http import QueryDict

from rnncore import catalog, recipe
from rnncore.recipe import Recipe
from webapp.datasets.models import Dataset
from webapp.runs.estimate import planned
from webapp.runs.models import Run
from webapp.runs.recipe_form import CHOICES, KIND, TOPICS, RecipeForm, read, summary, typed, write


@pytest.fixture
def dataset(make, alice):
    return make.table(alice.personal_team)


@pytest.fixture
def series(make, alice):
    rows = "".join(f"2024-01-{1 + n // 24:02} {n % 24:02}:00,{n % 24},{n % 7},{n % 24 % 5}\n" for n in range(480))
    return make.table(alice.personal_team, name="load.csv", text="hour,load,wind,<shop>\n" + rows)


def form_of(dataset, query: str | None = None, kind: str | None = None) -> RecipeForm:
    data = None if query is None else QueryDict(query)
    return RecipeForm(dataset.version, Dataset.objects.none(), data, kind)


def test_the_proposed_task_stands_first_and_others_can_be_chosen(dataset):
    form = form_of(dataset)
    assert form.kind == "classification"
    offered = [name for name, _ in form.fields[KIND].widget.choices]
    assert "seq2seq" in offered
    assert "language_model" not in offered
    assert form_of(dataset, kind="seq2seq").kind == "seq2seq"
    assert form_of(dataset, "task.kind=seq2seq", "classification").kind == "seq2seq", "what is posted goes first"


@pytest.mark.parametrize("kind", [kind for kind in catalog.TASKS if kind != "language_model"])
def test_a_task_has_its_own_fields_and_no_others(dataset, kind):
    fields = form_of(dataset, kind=kind).fields
    for spec in recipe.fields():
        hidden = spec.name == "bidirectional" and catalog.TASKS[kind].generates
        assert (spec.path in fields) == (spec.path == KIND or (spec.serves(kind) and not hidden)), spec.path


def test_every_choice_has_a_label():
    assert {spec.name for spec in recipe.fields() if spec.choices} <= CHOICES.keys()
    assert {spec.topic for spec in recipe.fields()} <= {*TOPICS, "task"}


def test_columns_are_chosen_among_those_that_there_are(series):
    form = form_of(series, "task.value_columns=load&task.value_columns=<shop>&task.known_columns=wind&task.horizon=6")
    assert form.is_valid(), form.errors
    assert form.recipe.to_dict() == {
        "task": {"kind": "forecasting", "value_columns": ["load", "<shop>"], "known_columns": ["wind"], "horizon": 6}
    }
    html = str(form["task.value_columns"])
    assert html.count('type="checkbox"') == 3, "load, wind and shop have numbers, hours none"
    assert html.count(" checked") == 2
    assert "&lt;shop&gt;" in html
    assert form.placeholders()["task.time_column"] == "hour (default)"


def test_an_empty_form_is_the_plain_recipe_with_what_it_will_read(dataset):
    form = form_of(dataset, "")
    assert form.is_valid(), form.errors
    assert form.recipe.to_dict() == {"task": {"kind": "classification"}}
    assert form.placeholders()["task.text_column"] == "word (default)"
    assert form.placeholders()["task.group_column"] == "none (default)"
    assert summary("columns", form.offered.recipe) == "text: word · label: kind"
    for topic in {spec.topic for spec in form.specs}:
        assert summary(topic, form.offered.recipe)


def test_confirmed_columns_are_what_an_empty_field_becomes(dataset, alice):
    from webapp.datasets.services import confirm_roles

    confirm_roles(user=alice, dataset=dataset, roles={"kind": "source", "word": "target"})
    form = form_of(dataset, "", "seq2seq")
    assert form.is_valid(), form.errors
    assert form.placeholders()["task.source_column"] == "kind (default)"


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("task.text_column=nowhere", "task.text_column", "There is no column 'nowhere'"),
        ("task.kind=regression", None, None),
        ("task.kind=language_model", KIND, "a table of records"),
        ("task.kind=dance", KIND, "'dance' is not one of"),
        ("task.pooling=sum", "task.pooling", "is not one of"),
    ],
)
def test_what_is_wrong_stands_at_its_field(dataset, query, field, words):
    form = form_of(dataset, query)
    assert not form.is_valid()
    if field:
        assert [*form.errors] == [field]
        assert words in " ".join(form.errors[field])
    form.placeholders()  # the page is shown all the same


def test_what_is_written_is_read_again(series, make, alice):
    for dataset in (series, make.table(alice.personal_team)):
        form = form_of(dataset)
        filled = planned(dataset.version, Recipe.parse(form.plain)).recipe
        for spec in form.specs:
            value = getattr(getattr(filled, spec.table), spec.name)
            if value is None or spec.choices or spec.type is bool or spec.topic == "columns":
                continue
            assert read(spec, write(spec, value)) == value, spec.path
            assert read(spec, typed(spec, value)) == value, spec.path


class TestPage:
    def test_another_task_is_one_select_away(self, signed_in, dataset):
        shown = signed_in.get(f"/runs/new/?dataset={dataset.id}")
        assert (shown.context["kind"], shown.context["step"].kind) == ("classification", "classification")
        assert shown.context["topics"]["few"][0][0].path == KIND
        assert shown.context["topics"]["folded"][0]["name"] == "columns"
        chosen = [task["kind"] for task in shown.context["tasks"] if task["chosen"]]
        assert chosen == ["classification"]
        query = f"dataset={dataset.id}&task=seq2seq&training.max_steps=30&task.pooling=max&name=mine"
        other = signed_in.get(f"/runs/new/?{query}")
        assert other.status_code == 200
        assert other.context["kind"] == "seq2seq"
        assert other.context["form"]["training.max_steps"].value() == "30", "what was typed goes along"
        assert "task.pooling" not in other.context["form"].fields

    def test_several_columns_are_ticked_the_first_one_too(self, signed_in, make, alice):
        rows = "".join(f"{n % 24},{n % 7},2024-01-{1 + n // 24:02} {n % 24:02}:00\n" for n in range(480))
        dataset = make.table(alice.personal_team, name="load.csv", text="load,wind,hour\n" + rows)
        given = {"dataset": dataset.id, "task.kind": "forecasting", "task.value_columns": ["load"], "fill": "yes"}
        text = signed_in.post("/runs/new/", given).content.decode()
        boxes = re.findall(r'<input type="checkbox" name="task.value_columns" value="(\w+)"[^>]*?( checked)?>', text)
        assert boxes == [("load", " checked"), ("wind", "")]
        assert "<span data-offered>load" in text, "what it is while none is ticked"

    def test_train_queues_a_run_of_the_task(self, signed_in, dataset, valkey):
        given = {"dataset": dataset.id, "task.kind": "classification", "task.text_column": "word",
                 "training.max_steps": "20", "network.bidirectional": "false"}  # fmt: skip
        answer = signed_in.post("/runs/new/", given)
        run = Run.objects.get()
        assert answer.headers["Location"] == f"/runs/{run.id}/"
        assert run.recipe == {
            "task": {"kind": "classification", "text_column": "word"}, "training": {"max_steps": 20},
            "network": {"bidirectional": False},
        }  # fmt: skip
        again = signed_in.get(f"/runs/new/?dataset={dataset.id}&from={run.id}")
        assert again.context["form"]["task.text_column"].value() == "word"
        assert again.context["form"].recipe.to_dict() == run.recipe

    def test_the_estimate_and_the_recipe_follow(self, signed_in, dataset):
        given = {"dataset": dataset.id, "task.kind": "seq2seq", "network.hidden_size": "16"}
        shown = signed_in.post("/runs/new/estimate/", given)
        assert shown.context["plan"].recipe.task.kind == "seq2seq"
        text = signed_in.post("/runs/new/recipe/", given).content.decode()
        assert 'source_column = "word"' in text

    def test_a_task_that_the_data_cannot_serve_still_has_a_page(self, signed_in, dataset):
        shown = signed_in.get(f"/runs/new/?dataset={dataset.id}&task=forecasting")
        assert shown.status_code == 422
        assert shown.context["plan"] is None
