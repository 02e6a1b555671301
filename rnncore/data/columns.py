"""What the columns of a table hold: kinds, lengths, values. It never looks at the recipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from rnncore.data import times
from rnncore.data.compact import Numbers, counted, empty
from rnncore.data.roles import LABEL_CHARACTERS, Column, guess
from rnncore.data.table import Table
from rnncore.data.vocabulary import WORD
from rnncore.errors import DataError

VALUES = 50
"""Different values of a column that are listed with their counts, the most frequent first."""

CLASSES = 1_000
"""Different values beyond which a column is no category."""

BARS = 24
TRIED = 200
"""Values of a column on which it is tried whether they are dates or lists of numbers."""

SOME = 1_000
"""Values on which it is looked how long those of a label would be."""


def survey(table: Table) -> list[Column]:
    """One JSON-able dict a column::

        {"name", "kind": "text" | "category" | "integer" | "number" | "tokens" | "numbers" | "time" | "id",
         "present", "missing", "unique", "constant": bool,
         "lengths": {"characters" | "words" | "items": {"min", "mean", "max", "p95", "histogram": [[up to, count] …]}},
         "values": [[value, count] …], "distinct": {"characters", "words", "pieces", "repeated", "lowered"},
         "min", "max", "role"}

    ``lengths`` are there for text (characters and words) and lists (items), ``values`` for what repeats, ``distinct``
    (how many different ones) for text and lists, ``min`` and ``max`` for numbers and times; else they are empty or
    None.
    """
    found = [_column(name, values, table) for name, values in table.columns.items()]
    guessed = guess(found)
    for column in found:
        column["role"] = next((role for role, names in guessed.items() if column["name"] in names), None)
    return found


def _column(name: str, values: Sequence[Any], table: Table) -> Column:
    there, unique, frequent = counted(values, VALUES)
    some = list(islice(_there(values), SOME))
    kind = _kind(name, values, some, there, unique, table)
    column: Column = {
        "name": name, "kind": kind, "present": there, "missing": len(values) - there, "unique": unique,
        "constant": unique == 1 and there > 1, "lengths": {}, "values": [], "distinct": {}, "min": None, "max": None,
    }  # fmt: skip
    if kind in ("category", "integer", "id") or (kind == "text" and unique < there):
        column["values"] = [[str(value), count] for value, count in frequent if count > 1 or kind != "text"]
    if there and kind in ("text", "category"):
        column |= _measured_texts(values, there)
    elif kind in ("tokens", "numbers"):
        column |= _measured_lists(values, there, kind)
    elif kind in ("integer", "number", "id", "time"):
        column |= {"min": min(_there(values), default=None), "max": max(_there(values), default=None)}
    return column


def _there(values: Iterable[Any]) -> Iterator[Any]:
    return (value for value in values if not empty(value))


def _measured_texts(values: Sequence[Any], there: int) -> Column:
    """Lengths and different parts of a column of texts, one text after the other."""
    characters, words = np.empty(there, np.int64), np.empty(there, np.int64)
    letters: set[str] = set()
    different: set[str] = set()
    pieces: Counter[str] = Counter()
    for place, text in enumerate(map(str, _there(values))):
        parts = text.split()
        characters[place], words[place] = len(text), len(parts)
        letters.update(text)
        different.update(parts)
        pieces.update(WORD.findall(text))
    return {
        "lengths": {"characters": _lengths(characters), "words": _lengths(words)},
        "distinct": {"characters": len(letters), "words": len(different), **_pieces(pieces)},
    }


def _pieces(counts: Counter[str]) -> dict[str, int]:
    """How many different tokens a vocabulary finds, those that occur twice or more, and those that differ in more than
    capitals."""
    repeated = sum(count > 1 for count in counts.values())
    return {"pieces": len(counts), "repeated": repeated, "lowered": len({piece.lower() for piece in counts})}


def _measured_lists(values: Sequence[Any], there: int, kind: str) -> Column:
    """The same of a column of lists."""
    lengths, different = np.empty(there, np.int64), Counter()
    for place, value in enumerate(_there(values)):
        items = _items(value)
        lengths[place] = len(items)
        different.update(map(str, items))
    distinct = {"words": len(different), **_pieces(different)}
    if kind == "tokens":
        distinct["characters"] = len(set().union(*different))
    return {"lengths": {"items": _lengths(lengths)}, "distinct": distinct}


def _kind(name: str, values: Sequence[Any], some: list[Any], there: int, unique: int, table: Table) -> str:
    """What the values of a column are. ``some``: the first of those that are there."""
    if not there:
        return "text"
    if all(isinstance(value, list) for value in _there(values)):
        numeric = all(isinstance(item, int | float) for value in _there(values) for item in value)
        return "numbers" if numeric else "tokens"
    if isinstance(values, Numbers) or all(type(value) in (int, float) for value in _there(values)):
        return _kind_of_number(name, values, there, unique)
    texts = [str(value) for value in some]
    if _are_lists(texts):
        return "numbers"
    if _are_times(texts, table):
        return "time"
    few = unique <= CLASSES and unique <= max(2, 0.5 * there if there < 100 else 0.2 * there)
    if few and np.mean([len(text) for text in texts]) <= LABEL_CHARACTERS:
        return "category"
    return "text"


def _kind_of_number(name: str, values: Sequence[Any], there: int, unique: int) -> str:
    if not all(float(value).is_integer() for value in _there(values)):
        return "number"
    first = int(next(_there(values)))
    rising = unique == there > 20 and all(value == first + place for place, value in enumerate(_there(values)))
    return "id" if rising or (unique == there and name.lower() in ("id", "index")) else "integer"


def numbers_of(value: Any) -> list[float]:
    """A list of numbers, also where it is written as a text: ``"0.1 0.2"`` or ``"[0.1, 0.2]"``. Raises ValueError."""
    if isinstance(value, str):
        return [float(item) for item in value.strip().strip("[]").replace(",", " ").replace(";", " ").split()]
    return [float(item) for item in (value if isinstance(value, list) else [value])]


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else value.strip().strip("[]").replace(",", " ").replace(";", " ").split()


def _are_lists(texts: list[str]) -> bool:
    """Whether texts are lists of numbers: all of those that are tried, and most of them of more than one."""
    some, many = texts[:TRIED], 0
    for text in some:
        try:
            many += len(numbers_of(text)) > 1
        except ValueError:
            return False
    return 2 * many >= len(some)


def _are_times(texts: list[str], table: Table) -> bool:
    """Whether the first value is a date, and most of the next ones are, in whichever form; what is wrong with them, the
    problems of the file say."""
    try:
        times.parse(texts[:1], table.lines[:1], "", table.name)
    except DataError:
        return False
    good = 0
    for text in texts[1:TRIED]:
        try:
            times.parse([text], [1], "", table.name)
            good += 1
        except DataError:
            pass
    return good >= 0.5 * (len(texts[:TRIED]) - 1)


def _lengths(array: np.ndarray) -> dict[str, Any]:
    edges = np.unique(np.linspace(array.min(), array.max(), BARS + 1).astype(int)[1:])
    counts = np.diff(np.searchsorted(np.sort(array), edges, "right"), prepend=0)
    return {
        "min": int(array.min()), "mean": float(array.mean()), "max": int(array.max()),
        "p95": float(np.quantile(array, 0.95)),
        "histogram": [[int(edge), int(count)] for edge, count in zip(edges, counts, strict=True)],
    }  # fmt: skip
