"""Whether data is made of what weights know: characters, words, labels, tags. Torch-free.

:func:`check` says it of a file that was inspected, before a training starts from them; what an inspection does not list
(words, tags, the letters of records) the task measures once it has read the file, by the same limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rnncore.data.characters import describe
from rnncore.data.tokens import Tokenizer
from rnncore.errors import DataError
from rnncore.fitness import named
from rnncore.recipe import Recipe
from rnncore.weights import TOKENIZER, Weights

MOST_UNKNOWN = {"char": 0.05, "word": 0.4}
"""Share of what is learned from that the weights need not know, by kind of token; word for all that have a token of
their own for what is unknown."""

NAMED = 30
"""Labels that an error lists."""


def check(weights: Weights, recipe: Recipe, inspection: dict[str, Any], name: str) -> None:
    """``recipe``: its columns chosen. ``inspection``: see :func:`rnncore.data.inspect.inspect`. ``name``: of the file.

    Raises DataError where a training is sure to be refused.
    """
    if recipe.task.kind == "language_model":
        _check_characters(weights, inspection["statistics"], name)
        return
    by_name = {column["name"]: column for column in inspection["columns"]}
    # So many records at most are left out for what they lack: a label may be theirs alone.
    missing = sum(by_name[column].get("missing", 0) for _, column in named(recipe))
    for what, column, labels in _labels(weights, recipe):
        for value, count in by_name[column].get("values") or ():
            if value not in labels and count > missing:
                raise strange(value, labels, what=what, name=name)


def strange(label: str, labels: Sequence[str], *, what: str, name: str, line: int | None = None) -> DataError:
    """What is wrong with a label (or tag) on a ``line`` of the file ``name`` that is not one of the weights'."""
    listed = ", ".join(labels[:NAMED]) + (", …" if len(labels) > NAMED else "")
    return DataError(
        f"{name}: the weights that the run starts from know no {what} {label!r}; they know {listed}", line=line,
        hint="Leave it out, or start without them.",
    )  # fmt: skip


def checked(name: str, unknown: int, tokens: int, kind: str, strangers: str = "") -> float:
    """The share that is unknown. Raises DataError where it is above :data:`MOST_UNKNOWN`.

    ``name``: of the file. ``strangers``: the most frequent unknown ones, where they are known.
    """
    share, most = unknown / max(1, tokens), MOST_UNKNOWN[kind]
    if share > most:
        what = "characters" if kind == "char" else "tokens"
        raise DataError(
            f"{name}: the weights that the run starts from do not know {share:.1%} of its {what} ({unknown:,} of "
            f"{tokens:,}{strangers and f': {strangers}'}); at most {most:.0%} are taken",
            hint="Choose data that is written like what they learned from, or start without them.",
        )
    return share


def _check_characters(weights: Weights, statistics: dict[str, Any], name: str) -> None:
    """Of those that the statistics list, which are all where there are not very many."""
    tokenizer = Tokenizer.load(weights.folder / TOKENIZER)
    if tokenizer.kind != "char":
        return
    known = set(tokenizer.to_dict()["characters"])
    unknown = {character: count for character, count in statistics["vocabulary"] if character not in known}
    checked(name, sum(unknown.values()), statistics["characters"], "char", describe(unknown, 5))


def _labels(weights: Weights, recipe: Recipe) -> Iterator[tuple[str, str, list[str]]]:
    """The columns of labels that are read: what such a label is called, the column, and the labels that are known."""
    if recipe.task.kind == "classification":
        yield "label", recipe.task.label_column, weights.description["labels"]
    for item in weights.description.get("conditions", ()):
        if item["kind"] == "label":
            yield item["column"], item["column"], item["labels"]
