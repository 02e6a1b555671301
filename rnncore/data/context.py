"""Some lines of a file around one of them, without reading the whole of it.

What is read at a time is bounded: an index of the file (see :class:`rnncore.data.sources.TextFile`) says where to
begin; a packed file has none and is read from its start as far as the bound reaches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rnncore.data.sources import open_text
from rnncore.errors import DataError

REACH = 64 << 20
"""Characters that are read at most to get to a line."""

SHOWN = 2_000
"""Characters of a line that are kept; of a longer one the beginning."""


@dataclass(frozen=True)
class Line:
    """``length`` in characters, also of what is cut off."""

    number: int
    text: str
    length: int

    @property
    def cut(self) -> bool:
        return self.length > len(self.text)


@dataclass(frozen=True)
class Context:
    """``more``: whether lines follow the last one."""

    lines: list[Line]
    more: bool


def around(path: str | Path, first: int, last: int, index: list[list[int]] | None = None) -> Context:
    """The lines ``first`` to ``last`` (from 1, both shown) as far as there are such.

    Raises DataError where the file cannot be read, or the lines lie beyond what is read at a time.
    """
    lines: list[Line] = []
    kept, length, read = "", 0, 0
    with open_text(path) as file:
        number, offset = next((place for place in reversed(index or []) if place[0] < first), (1, 0))
        file.begin_at(offset)
        for block in file:
            for piece, ended in _pieces(block):
                if number > last:
                    return Context(lines, more=True)
                if number >= first:
                    kept += piece[: SHOWN - len(kept)]
                length += len(piece)
                if ended:
                    if number >= first:
                        lines.append(Line(number, kept, length))
                    kept, length, number = "", 0, number + 1
            read += len(block)
            if read > REACH and number < last:
                raise DataError(
                    f"line {last:,} lies more than {REACH:,} characters away from where one can begin to read",
                    hint="Download the file to look at it.",
                )
    if length and first <= number <= last:
        lines.append(Line(number, kept, length))
    return Context(lines, more=False)


def _pieces(block: str) -> Iterator[tuple[str, bool]]:
    """The lines of a block, each with whether it ends in it."""
    *whole, rest = block.split("\n")
    yield from ((line, True) for line in whole)
    if rest:
        yield rest, False
