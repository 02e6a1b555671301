"""What a run would take."""

from __future__ import annotations

import json
import re

import pytest

from rnncore.defaults import language_model as defaults
from rnncore.errors import RecipeError
from rnncore.recipe import Recipe
from webapp.problems import Conflict
from webapp.runs.estimate import estimate
from webapp.runs.facts import facts_of
from webapp.runs.models import Run

pytestmark = pytest.mark.django_db


def recipe(**tables):
    return {"task": {"kind": "language_model"}} | tables


@pytest.fixture
def version(alice, make):
    return make.dataset(alice.personal_team, text="Grüße, 🐻!\n" * 100).version


def test_the_plan_of_the_engine_for_this_version(version):
    plan = estimate(version=version, recipe=recipe(training={"max_steps": 50}))
    assert {"parameters", "training_bytes", "steps_per_epoch", "steps", "seconds", "recipe"} <= plan.keys()
    assert plan["steps"] == 50
    json.dumps(plan)
    larger = estimate(version=version, recipe=recipe(network={"hidden_size": 1024}))
    smaller = estimate(version=version, recipe=recipe(network={"hidden_size": 16}))
    assert larger["parameters"] > smaller["parameters"]
    assert larger["seconds"] > smaller["seconds"]


def test_this_machine_s_calibration_is_used_once_it_is_there(version, settings, tmp_path):
    settings.DATA = tmp_path
    assert estimate(version=version, recipe=recipe())["calibrated"] is False
    (tmp_path / "calibration.json").write_text("{half a fi")
    assert estimate(version=version, recipe=recipe())["calibrated"] is False


def test_facts_by_kind_of_token(version):
    text = "Grüße, 🐻!\n" * 100
    facts = facts_of(version, Recipe.parse(recipe()))
    assert (facts.tokens, facts.characters, facts.vocabulary_size) == (len(text), len(text), len(set(text)))
    facts = facts_of(version, Recipe.parse(recipe(task={"kind": "language_model", "tokens": "byte"})))
    assert (facts.tokens, facts.vocabulary_size) == (len(text.encode()), 256)
    for kind in ("word", "bpe"):
        facts = facts_of(version, Recipe.parse(recipe(task={"kind": "language_model", "tokens": kind})))
        assert 0 < facts.tokens < len(text)
    few = {"kind": "language_model", "tokens": "word", "vocabulary_size": 20}
    assert facts_of(version, Recipe.parse(recipe(task=few))).vocabulary_size == 20


@pytest.mark.parametrize("kind", ["char", "byte", "word", "bpe"])
def test_the_estimate_is_near_what_the_engine_counts(alice, make, real_data, kind):
    """Within a fifth of the tokens, and of the words, that there really are."""
    from rnncore.data import tokens

    text = (real_data / "tinyshakespeare.txt").read_text()
    tokenizer = tokens.build(kind, [text], defaults.VOCABULARY.get(kind, 0))
    version = make.dataset(alice.personal_team, text=text).version
    facts = facts_of(version, Recipe.parse(recipe(task={"kind": "language_model", "tokens": kind})))
    assert facts.tokens == pytest.approx(len(tokenizer.encode(text)), rel=0.2)
    assert facts.vocabulary_size == pytest.approx(tokenizer.vocabulary_size, rel=0.2)


def test_wrong_recipes_and_unready_versions(version, alice, make):
    with pytest.raises(RecipeError):
        estimate(version=version, recipe=recipe(network={"hidden_size": -1}))
    for status in ("processing", "failed"):
        with pytest.raises(Conflict):
            estimate(version=make.dataset(alice.personal_team, status=status).version, recipe=recipe())


def test_what_was_found_wrong_when_the_file_was_read_is_refused_at_the_field(alice, make):
    rows = [{"tokens": ["a", "dog"], "ner": ["D", "N"], "upos": ["D", "N"]} for _ in range(20)]
    rows[4] = {**rows[4], "ner": ["D", "N", "V"]}
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    version = make.read(alice.personal_team, name="tagged.jsonl", text=text).version
    with pytest.raises(RecipeError, match=r"task.tag_column: .*2 words and 3 tags \(line 5\)"):
        estimate(version=version, recipe={"task": {"kind": "tagging"}})
    assert estimate(version=version, recipe={"task": {"kind": "tagging", "tag_column": "upos"}})["steps"]
    for problem in version.inspection["problems"]:
        del problem["fields"]  # of a file that was read before they were told: the training says it
    del version.inspection["unfit"]
    assert estimate(version=version, recipe={"task": {"kind": "tagging"}})["steps"]


DAYS = "".join(f"2026-01-{day:02d},{day:02d}.01.2026,{day % 5}\n" for day in range(1, 29))


@pytest.mark.parametrize(("name", "text", "task", "field", "words"), [
    # what is guessed to be the time is `day`, and the tag `upos`
    ("days.csv", "day,when,load\n" + DAYS.replace("17.01.2026", "17th"),
     {"kind": "forecasting", "time_column": "when", "value_columns": ["load"]}, "task.time_column",
     r"'17th' in 'when' is not a date or time.*\(line 18\)"),
    ("words.jsonl", "".join(
        json.dumps({"tokens": ["a", "dog"], "upos": ["D", "N"], "other": ["D", "N"][: 2 - (row == 4)]}) + "\n"
        for row in range(20)),
     {"kind": "tagging", "tag_column": "other"}, "task.tag_column", r"2 words and 1 tags \(line 5\)"),
])  # fmt: skip
def test_a_recipe_that_names_another_task_or_columns_is_refused_with_the_line(
    alice, make, client, token, name, text, task, field, words
):
    dataset = make.read(alice.personal_team, name=name, text=text)
    asked = {"dataset_id": dataset.id, "recipe": {"task": task}}
    assert [each for each in dataset.version.inspection["problems"] if each["severity"] == "error"] == []
    for path in ("plan", "runs"):
        answer = client.post(
            f"/api/v1/{path}", asked, content_type="application/json",
            headers={"Authorization": f"Bearer {token(alice)}"},
        )  # fmt: skip
        assert answer.status_code == 422, answer.content
        (error,) = answer.json()["errors"]
        assert error["field"] == f"recipe.{field}"
        assert re.search(words, error["message"]), error
    assert not Run.objects.exists()
