"""Records that stand in a file that is learned from and in one that is measured on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rnncore.data import columns
from rnncore.data.problems import Problem, overlap
from rnncore.data.resolve import resolve
from rnncore.data.table import Table, open_table
from rnncore.recipe import Recipe, Task

_READ = ("text_column", "label_column", "source_column", "target_column", "tag_column", "value_columns",
         "condition_columns")  # fmt: skip
_NOT_OF_RECORDS = ("language_model", "forecasting")


def read_of(task: Task, survey: list[dict[str, Any]]) -> list[str]:
    """The columns that a task on records reads, by its recipe and the columns of its data; none where it reads a text
    or a series. Raises RecipeError."""
    if task.kind in _NOT_OF_RECORDS:
        return []
    fields = resolve(task, survey)
    found: list[str] = []
    for field in _READ:
        value = fields.get(field) or []
        found += value if isinstance(value, list) else [value]
    return found


def of_files(recipe: Recipe, data: str | Path, *parts: str | Path | None) -> list[Problem]:
    """A problem for each of the files ``parts`` that has records of ``data``. Raises DataError, RecipeError."""
    others = [part for part in parts if part is not None]
    if not others or recipe.task.kind in _NOT_OF_RECORDS:
        return []
    table = open_table(data)
    names = read_of(recipe.task, columns.survey(table))
    return [found for part in others if (found := between(table, open_table(part), names))]


def between(table: Table, other: Table, names: list[str]) -> Problem | None:
    """See :func:`rnncore.data.problems.overlap`; none where ``other`` lacks a column, which is said elsewhere."""
    return overlap(table, other, names) if names and set(names) <= set(other.columns) else None
