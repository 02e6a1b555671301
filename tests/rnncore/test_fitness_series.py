"""A series that cannot be forecast as asked is refused by what its survey says."""

from __future__ import annotations

import pytest

from rnncore import facts, fitness, plan
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


def test_dates_in_three_forms_are_refused_at_the_first_that_is_another(tmp_path):
    days = [f"2024-01-{day:02d}" for day in range(1, 29)] + [f"{day:02d}.02.2024" for day in range(1, 28)]
    days += [f'"March {day}, 2024"' for day in range(1, 32)]
    path = tmp_path / "series.csv"
    path.write_text("day,value\n" + "".join(f"{day},{row % 7}.5\n" for row, day in enumerate(days)))
    inspection = inspect(path)
    assert [column["kind"] for column in inspection["columns"]] == ["time", "number"]
    problem = inspection["problems"][0]
    assert (problem["severity"], problem["line"], problem["fields"]) == ("error", 30, {"time_column": "day"})
    with pytest.raises(RecipeError, match=r"task.time_column: .*'01.02.2024' in 'day' is not a date.*\(line 30\)"):
        plan.facts_of(Recipe.parse({"task": {"kind": "forecasting"}}), path)


def test_a_day_that_stands_twice_is_no_fault_where_it_is_not_read(series):
    series.write_text(series.read_text() + "2026-01-30,3.5,1.5\n")
    with pytest.raises(RecipeError, match=r"time_column: .*another row has \(line 32\)"):
        check(series)
    check(series, {"time_column": "flat", "value_columns": ["value"]})
