"""Records with columns, whatever the file: delimited text, JSON lines, Parquet, CoNLL, or a plain line each.

The name's ending decides the format (``.gz`` after it means nothing more); what is no table is read line by line. A
table is read whole, in columns that take little memory (:mod:`rnncore.data.compact`); beyond :data:`LIMIT` a file is
refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from rnncore.data.sources import TextFile, open_text
from rnncore.errors import DataError

LIMIT = 2**28
"""Characters of an unpacked file that are read as a table at most."""

FORMATS = {
    ".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".conllu": "conllu",
    ".conll": "conll", ".iob": "conll", ".bio": "conll",
}  # fmt: skip
"""By the ending of a name; every other one is ``text``."""

READERS = {"csv": "delimited", "tsv": "delimited", "conll": "conll", "conllu": "conll", "text": "lines"}
"""The module of :mod:`rnncore.data.formats` that reads a format, where it has another name."""

MOST_LINES = 5
"""Of the places of a problem, so many of the first are named."""

Progress = Callable[[int, int], None]


@dataclass
class Table:
    """``columns``: values by name, a record each: str, int, float, bool, list[str], list[float], or None where one is
    missing. ``lines``: the line on which each record starts, from 1 (Parquet: the row). ``details``: what was found out
    about the file: encoding, delimiter, header … ``problems``: what was met while reading, see
    :mod:`rnncore.data.problems`."""

    name: str
    format: str
    columns: dict[str, Sequence[Any]]
    lines: Sequence[int]
    details: dict[str, Any] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines)


def format_of(name: str) -> str:
    """The format that a file's name promises: ``text`` where it promises none."""
    path = Path(name.lower())
    return FORMATS.get(Path(path.stem).suffix if path.suffix == ".gz" else path.suffix, "text")


def open_table(path: str | Path, *, name: str | None = None, progress: Progress | None = None) -> Table:
    """Read a file as a table. ``name``: what it is called, where the path does not say. ``progress(done, total)`` in
    bytes is called now and then; it may raise to end the work.

    Raises DataError that names the line where a record cannot be read, or the file where it holds none.
    """
    path, name = Path(path), name or Path(path).name
    kind = format_of(name)
    reader = import_module(f"rnncore.data.formats.{READERS.get(kind, kind)}")
    table = reader.read(path, name, kind, progress)
    if not len(table):
        raise DataError(f"{name} holds no record", hint="Give a file with at least one record below its header.")
    return table


class TextLines:
    """The lines of a text file, each with its ``\n``, block by block; ``details``, what it took to read them, are there
    once all were read. Iterating raises DataError as :func:`rnncore.data.sources.open_text` does, and beyond LIMIT."""

    def __init__(self, path: Path, name: str, progress: Progress | None) -> None:
        self._path, self._name, self._progress = path, name, progress
        self.details: dict[str, Any] = {}

    def head(self, length: int) -> str:
        """The first characters, a block of them at most."""
        with open_text(self._path) as file:
            return next(iter(file), "")[:length]

    def __iter__(self) -> Iterator[str]:
        with open_text(self._path) as file:
            parts: list[str] = []  # of a line that goes on in the next block
            for block in self._blocks(file):
                *whole, rest = block.split("\n")
                for line in whole:
                    yield "".join([*parts, line, "\n"]) if parts else line + "\n"
                    parts.clear()
                if rest:
                    parts.append(rest)
            if parts:
                yield "".join(parts)
            self.details |= {
                "encoding": file.encoding, "encoding_guessed": file.encoding_guessed, "compression": file.compression,
                "bytes": file.total_bytes, "byte_order_mark": file.byte_order_mark, "index": file.index,
                "undecodable_bytes": file.undecodable.count, "undecodable_lines": file.undecodable.lines,
                "nul_bytes": file.nul.count, "nul_lines": file.nul.lines,
            }  # fmt: skip

    def _blocks(self, file: TextFile) -> Iterator[str]:
        length = 0
        for block in file:
            length += len(block)
            if length > LIMIT:
                raise DataError(
                    f"{self._name} unpacks to more than {LIMIT:,} characters; so large a table is not read",
                    hint="Split it, or train on a part.",
                )  # fmt: skip
            yield block
            if self._progress:
                self._progress(file.done_bytes, file.total_bytes)


def problem(
    severity: str, message: str, *, line: int | None = None, offset: int | None = None, count: int | None = None,
    lines: Sequence[int] = (), fields: dict[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """What is wrong with a file: ``lines``, the first of the places where, ``line`` the first of all; ``fields``: the
    columns for which it is wrong, by the fields of a task that read them, the one at fault first."""
    lines = [int(each) for each in lines[:MOST_LINES]]
    return {
        "severity": severity, "message": message, "line": lines[0] if lines and line is None else line,
        "offset": offset, "count": count, "lines": lines, "fields": fields or {},
    }  # fmt: skip


def beyond_range(column: str, lines: Sequence[int]) -> list[dict[str, Any]]:
    """The problem of numbers that are none to a computer: 1e400, infinity, NaN."""
    message = f"Numbers in {column!r} that are not finite (NaN, infinity, or beyond 1e308); they count as missing."
    return [problem("warning", message, count=len(lines), lines=lines)] if lines else []
