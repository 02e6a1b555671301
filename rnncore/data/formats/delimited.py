"""CSV and TSV: delimiter, quoting and header are guessed from the first records, and said in ``details``."""

from __future__ import annotations

import csv
import io
import math
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from rnncore.data.compact import Cells, Numbers
from rnncore.data.table import LIMIT, Progress, Table, TextLines, beyond_range
from rnncore.errors import DataError

DELIMITERS = (",", "\t", ";", "|")
LOOKED_AT = 50
"""Records from which the delimiter and the header are guessed."""

HEAD = 2**16
"""Characters at the start among which the delimiter is looked for."""

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "?"})
"""What stands for no number in a column of numbers; in a column of text only the empty cell is missing."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_WHOLE = re.compile(r"[+-]?\d+")
_CODE = re.compile(r"[+-]?0\d+")
"""A whole number that begins with a zero is a code, not a number."""

Record = tuple[int, list[str]]

csv.field_size_limit(LIMIT)


def read(path: Path, name: str, kind: str, progress: Progress | None) -> Table:
    lines = TextLines(path, name, progress)
    delimiter = "\t" if kind == "tsv" else _delimiter(lines.head(HEAD).removeprefix("\ufeff"))
    records = _records(lines, delimiter, name)
    first = list(islice(records, LOOKED_AT + 1))
    if not first:
        return Table(name, kind, {}, [], lines.details)
    head = [cell.strip() for cell in first[0][1]]
    has_header = _is_header(head, [cells for _, cells in first[1:]])
    names = head if has_header else [f"column_{place}" for place in range(1, len(head) + 1)]
    _refuse_names(names, first[0][0], name)
    columns, starts = [Cells() for _ in names], array("q")
    add = [column.add for column in columns]
    for line, cells in chain(first[1:] if has_header else first, records):
        if len(cells) != len(names):
            raise _unequal(cells, names, has_header, name, line)
        starts.append(line)
        for put, cell in zip(add, cells, strict=True):
            put(cell)
    details = lines.details | {"delimiter": delimiter, "header": has_header}
    table = Table(name, kind, {}, Numbers(np.frombuffer(starts, np.int64)), details)
    for column in names:
        table.columns[column], beyond = typed(columns.pop(0))
        table.problems += beyond_range(column, [starts[row] for row in beyond])
    return table


def _records(lines: Iterable[str], delimiter: str, name: str) -> Iterator[Record]:
    """The records with the lines on which they start; empty lines are left out."""
    reader = csv.reader(_without_mark(lines), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            quoted = "unexpected end" in str(error)
            why = "a quote is opened here and never closed" if quoted else str(error)
            raise DataError(f"{name}: {why}", line=line, hint='Write a quote within a quoted cell twice: "".') from None
        if any(cell.strip() for cell in cells):
            yield line, cells
        line = reader.line_num + 1


def _without_mark(lines: Iterable[str]) -> Iterator[str]:
    """A second byte order mark, which would be part of the first name."""
    rest = iter(lines)
    yield next(rest, "").removeprefix("\ufeff")
    yield from rest


def _delimiter(text: str) -> str:
    """The one that cuts the first records into the same number of cells, and into the most."""
    head = "\n".join(text.split("\n")[: LOOKED_AT + 1])
    best, score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            widths = [len(cells) for cells in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter) if cells]
        except csv.Error:
            continue
        usual = max(set(widths), key=widths.count, default=1)
        found = (widths.count(usual) / len(widths), usual) if usual > 1 else (0.0, 1)
        if found > score:
            best, score = delimiter, found
    return best


def _is_header(head: list[str], rows: list[list[str]]) -> bool:
    """Names are there, differ, are no numbers or dates, and do not stand in their own columns again."""
    if not all(head) or len(set(head)) < len(head) or any(_like_data(cell) for cell in head):
        return False
    return not any(name in {row[place].strip() for row in rows if place < len(row)} for place, name in enumerate(head))


def _like_data(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell)) or bool(re.match(r"\d{1,4}[-/.]\d{1,2}[-/.]\d", cell))


def _refuse_names(names: list[str], line: int, file: str) -> None:
    for name in names:
        if len(name) > 200:
            raise DataError(f"{file}: the name of a column has {len(name):,} characters; 200 are taken", line=line)


def _unequal(cells: list[str], names: list[str], header: bool, file: str, line: int) -> DataError:
    where = "the header names" if header else "the first record has"
    few = "few" if len(cells) < len(names) else "many"
    return DataError(
        f"{file}: a record has {len(cells)} cells and {where} {len(names)}", line=line,
        hint=f"Too {few}: is a delimiter missing, or a cell with one in it not quoted?",
    )  # fmt: skip


def typed(cells: Cells) -> tuple[Sequence[Any], list[int]]:
    """A column's cells as numbers where all that are there are numbers; else text, None where a cell is empty.

    Beside it the rows whose number is beyond all range (``1e400``); they count as missing.
    """
    few = cells.distinct()
    kind = _kind(cells if few is None else few)
    return (cells.texts(), []) if kind is None else _numbers(cells, kind)


def _kind(cells: Iterable[str]) -> type | None:
    """``int`` or ``float`` where the cells are numbers, else None."""
    kind = None
    for raw in cells:
        cell = raw.strip()
        if cell.lower() in MISSING:
            continue
        if not _NUMBER.fullmatch(cell) or _CODE.fullmatch(cell):
            return None
        if kind is not float:
            kind = int if _WHOLE.fullmatch(cell) else float
    return kind


def _numbers(cells: Cells, kind: type) -> tuple[Sequence[Any], list[int]]:
    count = cells.count
    values, missing, beyond = np.zeros(count, np.int64 if kind is int else np.float64), np.zeros(count, bool), []
    for row, raw in enumerate(cells):
        cell = raw.strip()
        if cell.lower() in MISSING:
            missing[row] = True
            continue
        number = kind(cell)
        try:
            values[row] = number
        except OverflowError:  # a whole number of twenty digits is one all the same
            return [None if raw.strip().lower() in MISSING else int(raw) for raw in cells], []
        if number in (math.inf, -math.inf):
            missing[row] = True
            beyond.append(row)
    return Numbers(values, missing if missing.any() else None), beyond
