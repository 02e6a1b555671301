"""Presets: one balanced that is the defaults, a quick one that fits into its minutes, a thorough one that does more."""

from __future__ import annotations

from typing import Any

import pytest

from rnncore import catalog
from rnncore.defaults import Facts
from rnncore.defaults.presets import PRESETS, values
from rnncore.plan import Plan, plan
from rnncore.recipe import Recipe

LABELLED = {"text_column": "t", "label_column": "l"}
COLUMNS = {
    "classification": LABELLED, "regression": LABELLED,
    "tagging": {"text_column": "t", "tag_column": "l"}, "seq2seq": {"source_column": "t", "target_column": "l"},
    "conditional_generation": {"text_column": "t", "condition_columns": ["l"]},
    "forecasting": {"value_columns": ["v"], "season": 24},
}  # fmt: skip
SIZES = (200, 5_000, 200_000, 5_000_000)
SLOW = {"flops": 2e10, "step_overhead": 2e-4, "fixed": 1e-2}


def facts_of(kind: str, size: int) -> Facts:
    if kind == "language_model":
        return Facts(tokens=10 * size, vocabulary_size=80, characters=10 * size)
    vocabulary = None if kind == "forecasting" else 500
    return Facts(tokens=10 * size, vocabulary_size=vocabulary, records=size, longest=30, outputs=12, letters=60)


def plans(kind: str, size: int, machine: dict[str, Any] | None = None) -> dict[str, Plan]:
    recipe, facts = Recipe.parse({"task": {"kind": kind, **COLUMNS.get(kind, {})}}), facts_of(kind, size)
    found = {}
    for name in PRESETS:
        tables: dict[str, dict[str, Any]] = {}
        for path, value in values(name, recipe, facts, machine).items():
            table, field = path.split(".")
            tables.setdefault(table, {})[field] = value
        found[name] = plan(recipe.replacing(**tables), facts, machine)
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", catalog.TASKS)
def test_each_takes_longer_than_the_one_before(kind, size):
    quick, balanced, thorough = plans(kind, size).values()
    assert quick.seconds < balanced.seconds < thorough.seconds
    assert quick.parameters <= balanced.parameters < thorough.parameters
    assert quick.steps <= balanced.steps < thorough.steps
    assert (
        balanced.recipe == plan(Recipe.parse({"task": balanced.recipe.to_dict()["task"]}), facts_of(kind, size)).recipe
    )


@pytest.mark.parametrize(
    ("machine", "size"), [*((None, size) for size in SIZES), (SLOW, 200), (SLOW, 200_000)], ids=str
)
@pytest.mark.parametrize("kind", catalog.TASKS)
def test_a_quick_look_is_planned_for_its_two_minutes(kind, size, machine):
    quick = plans(kind, size, machine)["quick"]
    assert quick.seconds <= 120
    assert quick.recipe.training.max_minutes == 2
    assert quick.steps >= 20


def test_more_than_enough_is_not_offered():
    thorough = plans("language_model", 2_000)["thorough"]
    assert thorough.recipe.training.max_epochs <= 40
    assert plans("classification", 5_000_000)["thorough"].recipe.network.hidden_size <= 512
