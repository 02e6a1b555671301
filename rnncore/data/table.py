"""Records with columns, whatever the file: delimited text, JSON lines, Parquet, CoNLL, or a plain line each.

The name's ending decides the format (``.gz`` after it means nothing more); what is no table is read line by line. A
table is read whole: it takes about twenty times its file's size in memory (888 MB for 47 MB of CSV, looked through), so
a file is refused beyond :data:`LIMIT`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from rnncore.data.sources import open_text
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

Progress = Callable[[int, int], None]


@dataclass
class Table:
    """``columns``: values by name, a record each: str, int, float, bool, list[str], list[float], or None where one is
    missing. ``lines``: the line on which each record starts, from 1 (Parquet: the row). ``details``: what was found out
    about the file: encoding, delimiter, header …"""

    name: str
    format: str
    columns: dict[str, list[Any]]
    lines: list[int]
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


def text_of(path: Path, name: str, progress: Progress | None) -> tuple[str, dict[str, Any]]:
    """The whole text of a file with ``\\n`` as line ends, and what it takes to read it. Raises DataError."""
    with open_text(path) as file:
        blocks, length = [], 0
        for block in file:
            blocks.append(block)
            length += len(block)
            if length > LIMIT:
                raise DataError(
                    f"{name} unpacks to more than {LIMIT:,} characters; so large a table is not read",
                    hint="Split it, or train on a part.",
                )  # fmt: skip
            if progress:
                progress(file.done_bytes, file.total_bytes)
        details = {
            "encoding": file.encoding, "encoding_guessed": file.encoding_guessed, "compression": file.compression,
            "bytes": file.total_bytes, "undecodable_bytes": file.undecodable.count, "nul_bytes": file.nul.count,
        }  # fmt: skip
    return "".join(blocks), details
