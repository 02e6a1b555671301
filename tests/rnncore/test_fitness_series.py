"""A series that cannot be forecast as asked is refused by what its survey says."""

from __future__ import annotations

import pytest

from rnncore import facts, fitness
from rnncore.data.inspect import inspect
from rnncore.errors import RecipeError
from rnncore.recipe import Recipe


def check(path, task=None, **tables):
    inspection = inspect(path, task="forecasting")
    asked = Recipe.parse({"task": {"kind": "forecasting", **(task or {})}, **tables})
    fitness.check(facts.chosen(asked, inspection["columns"]), inspection)


@pytest.fixture
def series(tmp_path):
    path = tmp_path / "series.csv"
    path.write_text("day,value,flat\n" + "".join(f"2026-01-{day:02d},{day * 0.7:.1f},1.5\n" for day in range(1, 31)))
    return path


def test_a_series_that_fits(series):
    check(series)
    check(series, {"horizon": 4, "lookback": 8}, training={"split_rows": [20, 6, 4]})


@pytest.mark.parametrize(
    ("task", "tables", "field"),
    [
        ({"horizon": 30}, {}, "task.horizon"), ({"horizon": 10, "lookback": 20}, {}, "task.horizon"),
        ({"horizon": 4, "lookback": 6}, {"training": {"split_rows": [9, 6, 6]}}, "task.horizon"),
        ({}, {"training": {"split_rows": [20, 6, 5]}}, "training.split_rows"),
        ({"value_columns": ["flat"]}, {}, "task.value_columns"),
        ({"value_columns": ["day"]}, {}, "task.value_columns"), ({"time_column": "when"}, {}, "task.time_column"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(series, task, tables, field):
    with pytest.raises(RecipeError) as caught:
        check(series, task, **tables)
    assert [name for name, _ in caught.value.errors] == [field]
