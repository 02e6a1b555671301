"""A recipe: read, checked, written; every wrong field is named, with what is wrong about it."""

from __future__ import annotations

import json
import tomllib

import pytest

from rnncore import catalog
from rnncore.errors import RecipeError
from rnncore.recipe import Recipe, fields

LM = {"kind": "language_model"}

WHOLE = {
    "task": {"kind": "language_model", "tokens": "word", "vocabulary_size": 500, "documents": '--\n"\\'},
    "network": {"cell": "rnn", "hidden_size": 8, "num_layers": 2, "nonlinearity": "relu", "bias": False},
    "training": {"seed": 3, "learning_rate": 1e-3, "max_epochs": 2.0, "device": "cuda:1"},
    "sampling": {"prompts": ["", "é\n\x7f\t"], "temperatures": [1.0, 0.5]},
}


def wrong(body) -> dict[str, str]:
    with pytest.raises(RecipeError) as caught:
        Recipe.parse(body)
    return dict(caught.value.errors)


def test_a_kind_alone_is_a_recipe():
    assert Recipe.parse({"task": LM}).to_dict() == {"task": LM}


def test_toml_and_json_give_back_what_was_written(tmp_path):
    recipe = Recipe.parse(WHOLE)
    assert recipe.to_dict() == WHOLE
    assert tomllib.loads(recipe.to_toml()) == WHOLE
    (tmp_path / "r.toml").write_text(recipe.to_toml())
    (tmp_path / "r.json").write_text(json.dumps(WHOLE))
    assert Recipe.load(tmp_path / "r.toml") == Recipe.load(tmp_path / "r.json") == recipe


def test_a_file_that_is_neither_says_where(tmp_path):
    (tmp_path / "r.toml").write_text("[task\nkind = 1")
    with pytest.raises(RecipeError, match=r"r\.toml is neither TOML nor JSON: .*line 1"):
        Recipe.load(tmp_path / "r.toml")


@pytest.mark.parametrize(
    ("table", "field", "value", "said"),
    [
        ("training", "learning_rate", "1", "must be a number, not '1'"),
        ("training", "learning_rate", True, "must be a number, not True"),
        ("training", "learning_rate", float("nan"), "must be a finite number"),
        ("training", "learning_rate", 0, "must be more than 0, not 0"),
        ("training", "batch_size", 0, "must be at least 1, not 0"),
        ("training", "max_steps", 1.5, "must be a whole number, not 1.5"),
        ("training", "schedule", "cosin", "'cosin' is not one of constant, cosine, plateau"),
        ("training", "device", "gpu", "'gpu' is not one of auto, cpu"),
        ("training", "epochs", 3, "is not a field of a recipe"),
        ("network", "dropout", 1, "must be less than 1, not 1"),
        ("network", "bias", "yes", "must be true or false, not 'yes'"),
        ("network", "hidden_size", 10**9, "must be at most 8,192, not 1000000000"),
        ("sampling", "prompts", "abc", "must be a list, not 'abc'"),
        ("sampling", "prompts", ["a" * 10_001], "a prompt has 10,001 characters; at most 10,000"),
        ("sampling", "prompts", ["a\ud800"], "a prompt holds half of a character"),
        ("sampling", "temperatures", [-1], "temperature -1.0 is outside 0 to 10"),
    ],
)
def test_a_wrong_value_is_named(table, field, value, said):
    errors = wrong({"task": LM, table: {field: value}})
    assert list(errors) == [f"{table}.{field}"]
    assert said in errors[f"{table}.{field}"]


def test_all_wrong_fields_are_named_at_once():
    body = {"task": {"kind": "poetry"}, "network": {"cell": "lstn"}, "training": {"seed": -1}, "extra": {}}
    assert list(wrong(body)) == ["task.kind", "network.cell", "training.seed", "extra"]
    assert wrong({}) == {"task": "is missing"}
    assert wrong({"task": 3}) == {"task": "must be a table, not 3"}
    assert list(wrong([])) == ["recipe"]


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("network.bidirectional", {"network": {"bidirectional": True}}),
        ("network.nonlinearity", {"network": {"nonlinearity": "relu"}}),
        ("network.init", {"network": {"cell": "rnn", "init": "chrono"}}),
        ("network.tied", {"network": {"tied": True, "hidden_size": 3, "embedding_size": 4}}),
        ("task.vocabulary_size", {"task": {**LM, "vocabulary_size": 9}}),
        ("training.test_fraction", {"training": {"validation_fraction": 0.5, "test_fraction": 0.5}}),
        ("training.warmup_steps", {"training": {"max_steps": 10, "warmup_steps": 10}}),
    ],
)
def test_fields_that_contradict_each_other(field, body):
    assert list(wrong({"task": LM, **body})) == [field]


def test_replacing_checks_again():
    recipe = Recipe.parse(WHOLE)
    assert recipe.replacing(training={"seed": 4}).training.seed == 4
    assert recipe.training.seed == 3
    with pytest.raises(RecipeError):
        recipe.replacing(training={"seed": -1})


def test_every_field_carries_what_a_form_needs():
    specs = {spec.path: spec for spec in fields()}
    for path, spec in specs.items():
        assert spec.label, path
        assert spec.help, path
        assert spec.topic, path
    assert specs["network.cell"].choices == tuple(catalog.CELLS)
    assert specs["training.batch_size"].bounds == {"ge": 1, "le": 65_536}
    assert (specs["training.learning_rate"].type, specs["sampling.temperatures"].many) == (float, True)
    assert specs["network.bias"].type is bool
