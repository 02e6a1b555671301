"""What makes data unfit for a recipe, as far as a survey of its columns tells: said before anything is trained.

Torch-free. Whatever a survey cannot tell, the task says itself once it has read the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rnncore.errors import RecipeError
from rnncore.recipe import Recipe

FEWEST = 8
"""Complete records below which there is nothing to learn from."""

MOST_CLASSES = 5_000

Column = dict[str, Any]


def check(recipe: Recipe, inspection: dict[str, Any]) -> None:
    """``recipe``: its columns chosen. ``inspection``: of the file, with ``columns``, ``statistics``, ``problems`` and
    ``unfit`` (which a file that was read long ago has not).

    Raises RecipeError that names every field at fault.
    """
    by_name = {column["name"]: column for column in inspection["columns"]}
    errors = [*_errors(recipe, by_name, inspection["statistics"]["records"]), *_told(recipe, inspection)]
    if errors:
        raise RecipeError(errors)


def check_part(recipe: Recipe, inspection: dict[str, Any], part: dict[str, Any]) -> None:
    """That the file ``part`` can validate or test what is learned from the file of ``inspection``.

    Raises RecipeError at the field of the column that it lacks, or that holds what was not learned.
    """
    there = {column["name"]: column for column in part["columns"]}
    for field, name in named(recipe):
        if name not in there:
            raise RecipeError.at(field, f"it has no column {name!r}; it has {', '.join(map(repr, there)) or 'none'}")
    label = recipe.task.label_column
    if recipe.task.kind == "classification" and label:
        learned = _values({column["name"]: column for column in inspection["columns"]}[label])
        strange = _values(there[label])
        if learned and strange and (unseen := sorted(strange - learned)):
            message = f"it has the label {unseen[0]!r}, which the data that is learned from does not have"
            raise RecipeError.at("task.label_column", message)


def said(recipe: Recipe) -> dict[str, str]:
    """What the columns that a recipe names are for: roles by name, see :mod:`rnncore.data.columns`."""
    return {name: re.match(r"task\.(.+)_columns?", field)[1] for field, name in named(recipe)}


def named(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """The columns that a recipe names: (field, column)."""
    for field, value in recipe.to_dict()["task"].items():
        if field.endswith("_column"):
            yield f"task.{field}", value
        elif field.endswith("_columns"):
            yield from ((f"task.{field}", name) for name in value)


def _errors(recipe: Recipe, by_name: dict[str, Column], records: int) -> Iterator[tuple[str, str]]:
    task = recipe.task
    for field, name in named(recipe):
        missing = by_name[name].get("missing", 0)
        if field != "task.group_column" and records - missing < FEWEST:
            few = "only 1 record has" if records - missing == 1 else f"only {records - missing} records have"
            there = "no record has" if missing >= records else few
            yield field, f"{there} it; at least {FEWEST} complete records are wanted"
            return
    if task.kind == "classification" and task.label_column:
        different = by_name[task.label_column]["unique"]
        if different < 2:
            yield "task.label_column", "every record has the same label; there is nothing to tell apart"
        if different > MOST_CLASSES:
            yield (
                "task.label_column",
                f"has {different:,} different values, at most {MOST_CLASSES:,} classes are told apart: "
                "to learn a number choose regression, to write a text seq2seq",
            )
    if task.kind == "regression" and task.label_column:
        kind = by_name[task.label_column]["kind"]
        if kind not in ("integer", "number"):
            yield "task.label_column", f"is a column of {kind}; a regression tells numbers"
    if task.kind == "forecasting":
        yield from _of_series(recipe, by_name, records)


def _told(recipe: Recipe, inspection: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The errors in what the recipe reads, which were found when the file was; each once."""
    told = {}
    for problem in [*inspection["problems"], *inspection.get("unfit", [])]:
        fields = problem.get("fields")  # those of a file that was read long ago have none
        if problem["severity"] == "error" and fields and fields.items() <= vars(recipe.task).items():
            line = f" (line {problem['line']})" if problem["line"] is not None else ""
            told[f"task.{next(iter(fields))}", f"{problem['message'].rstrip('.')}{line}"] = None
    yield from told


def _of_series(recipe: Recipe, by_name: dict[str, Column], records: int) -> Iterator[tuple[str, str]]:
    task, rows = recipe.task, recipe.training.split_rows
    if rows and sum(rows) > records:
        asked = " + ".join(f"{part:,}" for part in rows)
        yield "training.split_rows", f"{asked} = {sum(rows):,} rows are asked for; the series has {records:,}"
    elif task.horizon and task.horizon + (task.lookback or 1) >= (rows[0] if rows else records):
        part = "training part" if rows else "series"
        yield (
            "task.horizon",
            (f"{task.horizon:,} steps cannot be forecast and checked in a {part} of {rows[0] if rows else records:,}"),
        )
    if all(by_name[name]["constant"] for name in task.value_columns):
        yield "task.value_columns", "nothing in them ever changes; there is nothing to forecast"


def _values(column: Column) -> set[str] | None:
    """All values of a category, as texts; None where the survey does not list them all."""
    listed = column.get("values") or []
    return {str(value) for value, _ in listed} if column["unique"] <= len(listed) else None
