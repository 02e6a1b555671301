"""What is known of data before a run: which columns it reads, into what it cuts them, and how much there is.

Torch-free. Works on what :func:`rnncore.data.inspect.inspect` says of a file: a page asks at every key press.
"""

from __future__ import annotations

from typing import Any

from rnncore.data import times
from rnncore.data.resolve import resolve
from rnncore.data.roles import NUMBERS
from rnncore.data.vocabulary import SPECIAL, WORDS
from rnncore.defaults import Facts
from rnncore.defaults.language_model import VOCABULARY
from rnncore.errors import DataError, RecipeError
from rnncore.recipe import Recipe

LETTERS = 80
"""Different ones, where the survey has not counted them: lists of tokens of an older one."""

WORDS_A_TEXT = 3
"""Texts of at least so many words, in the mean, are read word by word; shorter ones letter by letter."""


def chosen(recipe: Recipe, survey: list[dict[str, Any]]) -> Recipe:
    """The recipe of a task on tables with its columns filled in, and the tokens that suit them.

    ``survey``: see :func:`rnncore.data.columns.survey`. Raises RecipeError at the column that is not there.
    """
    task = {**recipe.to_dict()["task"], **resolve(recipe.task, survey)}
    by_name = {column["name"]: column for column in survey}
    for name, column in (("tokens", "text_column"), ("tokens", "source_column"), ("target_tokens", "target_column")):
        if column in task and recipe.task.kind != "tagging":
            task.setdefault(name, _tokens(by_name[task[column]]))
    if recipe.task.kind == "forecasting" and task.get("time_column"):
        task.setdefault("season", _season(by_name[task["time_column"]]))
    return recipe.replacing(task=task)


def _season(column: dict[str, Any]) -> int:
    """What the calendar suggests for the times of a column; the task itself looks at the values."""
    if column.get("min") is None:
        return 0  # a column of texts
    try:
        ends = times.parse([column["min"], column["max"]], (1, 2), column["name"], "")
    except DataError:
        return 0
    span = abs(int((ends[1] - ends[0]).astype(int)))
    return next(iter(times.Rhythm.about(span / max(1, column["unique"] - 1)).seasons()), 0)


def _tokens(column: dict[str, Any]) -> str:
    words = column["lengths"].get("words")
    if column["kind"] == "time":
        return "char"
    return "char" if words and words["mean"] < WORDS_A_TEXT else "word"


def facts_of(recipe: Recipe, inspection: dict[str, Any]) -> Facts:
    """The facts of a table that was inspected, for a recipe that :func:`chosen` made. Raises RecipeError."""
    by_name = {column["name"]: column for column in inspection["columns"]}
    task, records = recipe.task, inspection["statistics"]["records"]
    read = task.text_column or task.source_column or next(iter(task.value_columns or ()), None)
    if read is None:
        raise RecipeError.at("task.text_column", "no column of the file can be read as a sequence")
    column, output = by_name[read], by_name.get(task.label_column or task.target_column or task.tag_column or "")
    steps = lengths_of(column, task.tokens)
    both = lengths_of(output, task.target_tokens)["mean"] + 1 if output and task.target_column else 0
    return Facts(
        tokens=round(records * (steps["mean"] + both)),
        vocabulary_size=_read_vocabulary(column, recipe),
        records=records - column["missing"], longest=_longest(steps["max"], output, recipe),
        outputs=_outputs(column, recipe) if task.condition_columns is not None else _outputs(output, recipe),
        channels=max(1, len(task.value_columns or ())), letters=_letters(column),
        **_conditions([by_name[name] for name in task.condition_columns or ()]),
    )  # fmt: skip


def _read_vocabulary(column: dict[str, Any], recipe: Recipe) -> int | None:
    """Of what is read: a tagger knows every word in small letters, the others words that occur twice."""
    task = recipe.task
    if task.tag_column:
        return _vocabulary(column, "word", task.vocabulary_size, "lowered")
    return _vocabulary(column, task.tokens, task.vocabulary_size, "repeated")


def _letters(column: dict[str, Any]) -> int:
    """Different letters of what is read."""
    return column["distinct"].get("characters", LETTERS) + len(SPECIAL)


def _conditions(columns: list[dict[str, Any]]) -> dict[str, Any]:
    """How many labels each column of labels has, and how many columns there are of numbers that all are there."""
    numeric = [column["kind"] in NUMBERS and not column["missing"] for column in columns]
    labels = [column["unique"] for column, number in zip(columns, numeric, strict=True) if not number]
    return {"labels": tuple(labels), "numbers": sum(numeric)}


def _longest(read: int, output: dict[str, Any] | None, recipe: Recipe) -> int:
    """Time steps of the longest record. What is written has one more than it shows: its end."""
    task = recipe.task
    if task.condition_columns is not None:
        return read + 1
    return max(read, int(lengths_of(output, task.target_tokens)["max"]) + 1) if output and task.target_column else read


def lengths_of(column: dict[str, Any], tokens: str | None) -> dict[str, float]:
    """How long the sequences of a column are: items of a list, words, letters, or about as many byte pairs as words."""
    lengths = column["lengths"]
    if column["kind"] == "time":  # read as it is written
        longest = max(len(str(column[end])) for end in ("min", "max"))
        return {"mean": float(longest), "max": longest}
    if not lengths:
        return {"mean": 1.0, "max": 1}
    if "items" in lengths:
        return lengths["items"]
    return lengths["words" if tokens in ("word", "bpe", None) else "characters"]


def _vocabulary(column: dict[str, Any], tokens: str | None, limit: int | None, words: str) -> int | None:
    """How many different tokens there are, about, for they are counted in all records; None where numbers are read.
    ``words``: those that a vocabulary knows, ``repeated`` ones, all ``pieces``, or ``lowered`` ones."""
    if column["kind"] in NUMBERS or tokens is None:
        return None
    if tokens in ("byte", "bpe"):
        return (256 if tokens == "byte" else limit or VOCABULARY["bpe"]) + len(SPECIAL)
    if column["kind"] == "time":
        return len({*"0123456789", *str(column["min"]), *str(column["max"])}) + len(SPECIAL)
    distinct, listed = column["distinct"], column["kind"] in ("tokens", "numbers")
    if tokens == "char":
        return distinct["words" if listed else "characters"] + len(SPECIAL)
    return min(distinct.get(words, distinct["words"]), limit or WORDS) + len(SPECIAL)


def _outputs(column: dict[str, Any] | None, recipe: Recipe) -> int:
    """What a head has to tell apart."""
    task = recipe.task
    if task.quantiles or task.horizon:
        return (task.horizon or 1) * len(task.quantiles or (0.5,))
    if column is None or task.kind == "regression":
        return 1
    if task.condition_columns is not None:
        return _read_vocabulary(column, recipe) or 1
    if task.tag_column:
        return column["distinct"]["words"]
    if task.target_column:
        return _vocabulary(column, task.target_tokens, task.vocabulary_size, "pieces") or 1
    return column["unique"]
