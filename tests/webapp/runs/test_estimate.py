"""What a run would take."""

from __future__ import annotations

import json

import pytest

from rnncore.defaults import language_model as defaults
from rnncore.errors import RecipeError
from rnncore.recipe import Recipe
from webapp.problems import Conflict
from webapp.runs.estimate import estimate
from webapp.runs.facts import facts_of

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
    assert estimate(version=version, recipe={"task": {"kind": "tagging"}})["steps"]
