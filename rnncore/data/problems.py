"""What is wrong with a table for the task that it is to serve, with the line where it is first seen, and how often.

``error`` marks what a training would refuse, ``warning`` what makes it worse or its figures untrue, ``info`` what is
worth knowing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import permutations
from typing import Any

import numpy as np

from rnncore.data import times
from rnncore.data.compact import empty, marks_of
from rnncore.data.roles import Column
from rnncore.data.table import MOST_LINES, Table, problem
from rnncore.errors import DataError

LONG, TOO_LONG = 1_000, 100_000
"""Steps of a record from which on it is worth a word, and from which on it is refused by most memories."""

FEW_CLASS, MANY_CLASSES = 2, 5_000
"""Records that a class wants at least, and classes that are taken at most."""

NAMEABLE = 8
"""Columns of a kind of which it is found out beforehand what a recipe could not use them for."""

LEAK = 0.5
"""Share of records whose text holds the label, from which on the task may be nothing but finding it."""

MOSTLY = 0.9
"""Share of cells that are numbers in a column whose others look like slips."""

Problem = dict[str, Any]


def of_table(table: Table, columns: list[Column], task: str, roles: dict[str, list[str]]) -> list[Problem]:
    """The problems of a table, errors first. ``roles``: the columns by role, as the task reads them."""
    found = [*_of_file(table), *_of_columns(table, columns, roles)]
    read = [name for role in ("text", "source", "value", "target", "label", "tag") for name in roles.get(role, [])]
    if task != "forecasting":
        found += [*_missing(table, read), *_duplicates(table, read, roles)]
    found += _lengths(table, columns, roles)
    if task == "classification" and roles.get("label"):
        found += _labels(table, roles)
    if task == "tagging" and roles.get("tag"):
        found += _tags(table, roles)
    if roles.get("time"):
        found += _times(table, roles["time"][0])
    order = ("error", "warning", "info")
    return sorted(found, key=lambda problem: order.index(problem["severity"]))


def unfit(table: Table, columns: list[Column]) -> list[Problem]:
    """What a training refuses that is told to read these columns, whatever they are guessed to be for: errors whose
    ``fields`` say in which role a column is wrong. Of a table with very many columns, those of the first."""
    first = lambda *kinds: [column["name"] for column in columns if column["kind"] in kinds][:NAMEABLE]  # noqa: E731
    dated = [each for name in first("time", "text", "category", "id") for each in _times(table, name)]
    counts = {name: _counts(table.columns[name]) for name in first("tokens", "text", "category")}
    tagged = [
        each
        for one, other in permutations(counts, 2)
        for each in _uneven(table, one, other, counts[one], counts[other])
    ]
    return [each for each in dated if each["severity"] == "error"] + tagged


def overlap(table: Table, other: Table, names: list[str]) -> Problem | None:
    """Records of ``other`` that stand in ``table`` too: what is measured on them was seen in training."""
    ours, theirs = (marks_of([each.columns[name] for name in names]) for each in (table, other))
    rows = np.flatnonzero(np.isin(theirs, ours))
    message = f"Records of {other.name} that stand in {table.name} too: what is measured on them was seen in training."
    return next(_rows(other, "warning", message, rows), None)


def _rows(
    table: Table, severity: str, message: str, rows: Iterable[int], fields: dict[str, str] | None = None
) -> Iterator[Problem]:
    """One problem for all of these rows, if there are any."""
    rows = list(rows)
    if rows:
        first = [table.lines[row] for row in rows[:MOST_LINES]]
        yield problem(severity, message, count=len(rows), lines=first, fields=fields)


def _of_file(table: Table) -> Iterator[Problem]:
    yield from table.problems
    details = table.details
    if details.get("undecodable_bytes"):
        message = f"Bytes that are not {details['encoding']}; each is read as \N{REPLACEMENT CHARACTER}."
        lines = details.get("undecodable_lines", ())
        yield problem("warning", message, count=details["undecodable_bytes"], lines=lines)
    if details.get("nul_bytes"):
        message = "NUL characters, which no text needs; they are kept."
        yield problem("warning", message, count=details["nul_bytes"], lines=details.get("nul_lines", ()))
    if details.get("encoding_guessed"):
        yield problem("info", f"The file does not say how it is encoded; it is read as {details['encoding']}.")
    if details.get("header") is False:
        yield problem(
            "info", "The first line looks like a record, not like names of columns; it is read as one.", line=1
        )


def _of_columns(table: Table, columns: list[Column], roles: dict[str, list[str]]) -> Iterator[Problem]:
    used = {name for names in roles.values() for name in names}
    for column in columns:
        name, values = column["name"], table.columns[column["name"]]
        if column["constant"]:
            value = next(value for value in values if not empty(value))
            severity = "error" if name in roles.get("label", []) else "warning" if name in used else "info"
            yield problem(severity, f"Column {name!r} has the same value in every record: {str(value)[:40]!r}.")
        if column["missing"] == len(table):
            yield problem("warning", f"Column {name!r} is empty.")
        if column["kind"] in ("text", "category"):
            yield from _slips(table, name)


def _slips(table: Table, name: str) -> Iterator[Problem]:
    """A column of numbers with a few cells that are none: its header lies, or they do."""
    values = table.columns[name]
    there = [row for row, value in enumerate(values) if value is not None]
    wrong = [row for row in there if not _is_number(values[row])]
    if len(there) > 10 and 0 < len(wrong) <= (1 - MOSTLY) * len(there):
        example = str(values[wrong[0]])[:40]
        yield from _rows(table, "warning", f"Column {name!r} holds numbers, but for cells such as {example!r}.", wrong)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _missing(table: Table, names: list[str]) -> Iterator[Problem]:
    for name in names:
        rows = [row for row, value in enumerate(table.columns[name]) if empty(value)]
        yield from _rows(table, "warning", f"Records without {name!r}; they are left out.", rows)


def _duplicates(table: Table, names: list[str], roles: dict[str, list[str]]) -> Iterator[Problem]:
    marks = _marks(table, names)
    _, first = np.unique(marks, return_index=True)
    again = np.setdiff1d(np.arange(len(marks)), first, assume_unique=True)
    message = "Records that stand here more than once; copies may end in training and in validation both."
    group = roles.get("group", [])
    if not group or len(_answered_twice(marks, _marks(table, group))):  # copies of one group stay in one part
        yield from _rows(table, "warning", message, again)
    inputs, outputs = [name for name in names if name in roles.get("text", [])], roles.get("label", [])
    if inputs and outputs:
        rows = _answered_twice(_marks(table, inputs), _marks(table, outputs))
        yield from _rows(
            table, "warning", "The same text with different labels; no network can have them all right.", rows
        )


def _marks(table: Table, names: list[str]) -> np.ndarray:
    return marks_of([table.columns[name] for name in names]) if names else np.arange(len(table))


def _answered_twice(asked: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """The rows whose question, ``(rows,)``, has other answers elsewhere."""
    order = np.lexsort((answers, asked))
    asked, answers = asked[order], answers[order]
    begins = np.flatnonzero(np.r_[True, asked[1:] != asked[:-1]])
    sizes = np.diff(np.r_[begins, len(asked)])
    several = answers[begins] != answers[begins + sizes - 1]  # they are sorted: the first and the last differ
    return np.sort(order[np.repeat(several, sizes)])


def _lengths(table: Table, columns: list[Column], roles: dict[str, list[str]]) -> Iterator[Problem]:
    read = {name for role in ("text", "source", "target", "value") for name in roles.get(role, [])}
    for column in columns:
        if column["name"] not in read or not column["lengths"]:
            continue
        measure = "items" if "items" in column["lengths"] else "words"
        if column["lengths"].get("characters", column["lengths"][measure])["max"] <= LONG:
            continue
        size: Callable[[Any], int] = (lambda value: len(value)) if measure == "items" else lambda value: len(str(value))
        sizes = [0 if value is None else size(value) for value in table.columns[column["name"]]]
        unit = "items" if measure == "items" else "characters"
        long = [row for row, steps in enumerate(sizes) if steps > LONG]
        name = column["name"]
        yield from _rows(
            table, "info", f"{name!r} has more than {LONG:,} {unit}; a training reads the beginning.", long
        )
        beyond = [row for row, steps in enumerate(sizes) if steps > TOO_LONG]
        yield from _rows(table, "warning", f"{name!r} has more than {TOO_LONG:,} {unit}: is it one record?", beyond)


def _labels(table: Table, roles: dict[str, list[str]]) -> Iterator[Problem]:
    name = roles["label"][0]
    values = table.columns[name]
    counts = Counter(str(value) for value in values if value is not None)
    if len(counts) == 1:
        return  # said as a constant column
    if len(counts) > MANY_CLASSES:
        yield problem("error", f"{name!r} has {len(counts):,} different labels; at most {MANY_CLASSES:,} are taken.")
        return
    rare = [row for row, value in enumerate(values) if value is not None and counts[str(value)] < FEW_CLASS]
    yield from _rows(table, "warning", "Labels with a single record; it is trained on and never measured.", rare)
    for text in roles.get("text", []):
        holding = [
            row for row, (value, read) in enumerate(zip(values, table.columns[text], strict=True))
            if value is not None and read is not None and _stands_in(str(value), read)
        ]  # fmt: skip
        if len(holding) > LEAK * len(table):
            message = f"The label stands in {text!r} itself; the network may learn to find it and nothing else."
            yield from _rows(table, "warning", message, holding)


def _stands_in(label: str, text: Any) -> bool:
    if len(label) < 2 or _is_number(label):
        return False
    words = text if isinstance(text, list) else str(text).lower().split()
    return label.lower() in words


def _tags(table: Table, roles: dict[str, list[str]]) -> Iterator[Problem]:
    words, tags = roles["text"][0], roles["tag"][0]
    return _uneven(table, words, tags, *(_counts(table.columns[name]) for name in (words, tags)))


def _uneven(table: Table, words: str, tags: str, ours: np.ndarray, theirs: np.ndarray) -> Iterator[Problem]:
    """Rows with other numbers of words than of tags, see :func:`_counts`."""
    uneven = np.flatnonzero((ours >= 0) & (theirs >= 0) & (ours != theirs))
    if len(uneven):
        message = f"Not one tag for each word: {ours[uneven[0]]} words and {theirs[uneven[0]]} tags."
        yield from _rows(table, "error", message, uneven, {"tag_column": tags, "text_column": words})


def _counts(values: Iterable[Any]) -> np.ndarray:
    """How many words each cell has, ``(rows,)``; -1 where it is empty."""
    return np.array([-1 if empty(value) else _count(value) for value in values], np.int64)


def _count(value: Any) -> int:
    return len(value if isinstance(value, list) else str(value).split())


def _times(table: Table, name: str) -> Iterator[Problem]:
    values, fields = table.columns[name], {"time_column": name}
    missing = [row for row, value in enumerate(values) if value is None]
    if missing:
        yield from _rows(table, "error", f"Rows without {name!r}.", missing, fields)
        return
    try:
        found = times.parse(values, table.lines, name, table.name)
    except DataError as error:
        yield problem("error", f"{str(error)[0].upper()}{str(error)[1:]}.", line=error.line, fields=fields)
        return
    order = np.argsort(found, kind="stable")
    steps = np.diff(found[order].astype(np.int64))
    if not len(steps):
        return
    if (np.diff(found.astype(np.int64)) < 0).any():
        row = int(np.flatnonzero(np.diff(found.astype(np.int64)) < 0)[0]) + 1
        yield problem("info", f"Rows that are not in the order of {name!r}; they are sorted.", line=table.lines[row])
    yield from _rows(table, "error", f"Rows with a {name!r} that another row has.", order[1:][steps == 0], fields)
    usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
    gaps = order[1:][steps > times.SHOWN_GAP * usual]
    if usual and len(gaps) <= 0.2 * len(steps):  # months and years differ among themselves
        yield from _rows(
            table, "warning", f"Gaps in {name!r} before these rows; they are read as if there were none.", gaps
        )
