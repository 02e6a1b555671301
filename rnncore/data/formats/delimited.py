"""CSV and TSV: delimiter, quoting and header are guessed from the first records, and said in ``details``."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rnncore.data.table import LIMIT, Progress, Table, text_of
from rnncore.errors import DataError

DELIMITERS = (",", "\t", ";", "|")
LOOKED_AT = 50
"""Records from which the delimiter and the header are guessed."""

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "?"})
"""What stands for no number in a column of numbers; in a column of text only the empty cell is missing."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_CODE = re.compile(r"[+-]?0\d+")
"""A whole number that begins with a zero is a code, not a number."""

Record = tuple[int, list[str]]

csv.field_size_limit(LIMIT)


def read(path: Path, name: str, kind: str, progress: Progress | None) -> Table:
    text, details = text_of(path, name, progress)
    text = text.removeprefix("\ufeff")
    delimiter = "\t" if kind == "tsv" else _delimiter(text)
    records = list(_records(text, delimiter, name))
    if not records:
        return Table(name, kind, {}, [], details)
    head = [cell.strip() for cell in records[0][1]]
    has_header = _is_header(head, [cells for _, cells in records[1 : LOOKED_AT + 1]])
    names = head if has_header else [f"column_{place}" for place in range(1, len(head) + 1)]
    _refuse_names(names, records[0][0], name)
    rows = records[1:] if has_header else records
    _refuse_unequal(rows, names, has_header, name)
    columns = {
        column: typed([cells[place] for _, cells in rows]) for place, column in enumerate(names)
    }  # fmt: skip
    details |= {"delimiter": delimiter, "header": has_header}
    return Table(name, kind, columns, [line for line, _ in rows], details)


def _records(text: str, delimiter: str, name: str) -> Iterator[Record]:
    """The records with the lines on which they start; empty lines are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
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


def _delimiter(text: str) -> str:
    """The one that cuts the first records into the same number of cells, and into the most."""
    head = "\n".join(text[: 2**16].split("\n")[: LOOKED_AT + 1])
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


def _refuse_unequal(rows: list[Record], names: list[str], header: bool, file: str) -> None:
    for line, cells in rows:
        if len(cells) != len(names):
            where = "the header names" if header else "the first record has"
            few = "few" if len(cells) < len(names) else "many"
            raise DataError(
                f"{file}: a record has {len(cells)} cells and {where} {len(names)}", line=line,
                hint=f"Too {few}: is a delimiter missing, or a cell with one in it not quoted?",
            )  # fmt: skip


def typed(cells: list[str]) -> list[Any]:
    """A column's cells as numbers where all that are there are numbers; else text, None where a cell is empty."""
    stripped = [cell.strip() for cell in cells]
    there = [cell for cell in stripped if cell.lower() not in MISSING]
    if there and all(_NUMBER.fullmatch(cell) and not _CODE.fullmatch(cell) for cell in there):
        kind = int if all(re.fullmatch(r"[+-]?\d+", cell) for cell in there) else float
        return [None if cell.lower() in MISSING else kind(cell) for cell in stripped]
    return [cell if cell.strip() else None for cell in cells]
