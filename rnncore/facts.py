"""What is known of data before a run: which columns it reads, into what it cuts them, and how much there is.

Torch-free. Works on what :func:`rnncore.data.inspect.inspect` says of a file: a page asks at every key press.
"""

from __future__ import annotations

from typing import Any

from rnncore.data import columns
from rnncore.defaults import Facts
from rnncore.errors import RecipeError
from rnncore.recipe import Recipe

WORDS_A_TEXT = 3
"""Texts of at least so many words, in the mean, are read word by word; shorter ones letter by letter."""


def chosen(recipe: Recipe, survey: list[dict[str, Any]]) -> Recipe:
    """The recipe of a task on tables with its columns filled in, and the tokens that suit them.

    ``survey``: see :func:`rnncore.data.columns.survey`. Raises RecipeError at the column that is not there.
    """
    task = {**recipe.to_dict()["task"], **columns.resolve(recipe.task, survey)}
    by_name = {column["name"]: column for column in survey}
    for name, column in (("tokens", "text_column"), ("tokens", "source_column"), ("target_tokens", "target_column")):
        if column in task and recipe.task.kind != "tagging":
            task.setdefault(name, _tokens(by_name[task[column]]))
    return recipe.replacing(task=task)


def _tokens(column: dict[str, Any]) -> str:
    if column["kind"] == "tokens":
        return "word"
    return "word" if column["lengths"]["words"]["mean"] >= WORDS_A_TEXT else "char"


def facts_of(recipe: Recipe, inspection: dict[str, Any]) -> Facts:
    """The facts of data that was inspected, for a recipe that :func:`chosen` made. Raises RecipeError."""
    by_name = {column["name"]: column for column in inspection["columns"]}
    task, records = recipe.task, inspection["statistics"]["records"]
    read = task.text_column or task.source_column or (task.value_columns or [None])[0]
    if read is None:
        raise RecipeError.at("task.text_column", "no column of the file can be read as a sequence")
    mean, longest = _steps(by_name[read], task.tokens)
    output = by_name.get(task.label_column or task.tag_column or "")
    return Facts(
        tokens=round(records * mean), vocabulary_size=_vocabulary(by_name[read], task), records=records,
        longest=longest, outputs=output["unique"] if output else 0,
    )  # fmt: skip
