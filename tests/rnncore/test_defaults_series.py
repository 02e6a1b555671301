"""What the recipe of a forecast leaves open."""

from __future__ import annotations

import pytest

from rnncore import recipe as recipes
from rnncore.defaults import Facts, fill
from rnncore.recipe import Recipe

FOUND = {"kind": "forecasting", "value_columns": ["v"], "time_column": "t"}
"""The columns, which the data says."""


def filled(rows: int, task=None, **tables) -> Recipe:
    given = Recipe.parse({"task": {**FOUND, **(task or {})}, **tables})
    return fill(given, Facts(tokens=rows, vocabulary_size=None, records=rows))


@pytest.mark.parametrize("training", [{}, {"max_minutes": 3.0}, {"max_steps": 60}, {"split_rows": [3, 2, 1]}], ids=str)
@pytest.mark.parametrize("rows", [6, 30, 144, 17_420, 1_000_000])
def test_every_field_becomes_concrete(rows, training):
    found = filled(rows, training=training)
    for field in recipes.fields():
        value = getattr(getattr(found, field.table), field.name)
        if field.serves("forecasting") and not field.name.startswith("max_") and field.name != "split_rows":
            assert value is not None, field.path
    ends = {name for name, value in found.training if name.startswith("max_") and value is not None}
    assert ends == {name for name in training if name.startswith("max_")} or ends == {"max_epochs"}


@pytest.mark.parametrize("season", [0, 12, 24, 52])
@pytest.mark.parametrize("rows", [20, 60, 144, 1_000, 17_420, 10**6])
def test_every_part_holds_a_window(rows, season):
    found = filled(rows, {"season": season})
    valid = -(-rows * found.training.validation_fraction // 1)
    assert 1 <= found.task.horizon <= valid
    assert found.task.lookback + found.task.horizon <= rows - valid
    assert season == 0 or found.task.lookback < season or found.task.lookback % season == 0


def test_hourly_data_is_read_a_week_back():
    found = filled(17_420, {"season": 24}, training={"split_rows": [8640, 2880, 2880]})
    assert (found.task.horizon, found.task.lookback, found.training.batch_size) == (24, 168, 64)
    assert found.task.quantiles == [0.1, 0.5, 0.9]
    assert found.training.validation_fraction == found.training.test_fraction == 0.2
    assert filled(17_420, {"season": 24, "horizon": 336}).task.lookback == 336


def test_what_was_given_stays():
    given = {
        "task": {**FOUND, "horizon": 5, "lookback": 9, "quantiles": [0.3], "season": 3, "strategy": "recursive"},
        "network": {"cell": "rnn", "hidden_size": 3, "dropout": 0.0},
        "training": {"batch_size": 7, "max_steps": 9, "patience": 0, "validation_fraction": 0.3},
        "sampling": {"every": 0},
    }
    found = fill(Recipe.parse(given), Facts(tokens=500, vocabulary_size=None, records=500)).to_dict()
    for table, values in given.items():
        assert found[table] == {**found[table], **values}
