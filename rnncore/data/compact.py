"""Columns of a table in little memory: what a list of Python objects says, in arrays.

A cell of a file costs a list some 60 bytes; here it costs its own bytes and four more, a number eight, and a label of
which there are few one to four. Each class is a sequence that gives back what a list would: ``str``, ``int``, ``float``
or None.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

CHUNK = 1 << 14
"""Cells that are kept as they come before they are packed."""

FEW = 1 << 12
"""Different cells up to which a column is kept as numbers of those cells."""


class _Column(Sequence):
    """What the columns share: slices are lists, and a column equals any sequence of the same values."""

    __hash__ = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and not isinstance(other, str) and list(self) == list(other)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self):,}: {self[:3]}…>"

    def __getitem__(self, row: Any) -> Any:
        if isinstance(row, slice):
            return [self._at(place) for place in range(*row.indices(len(self)))]
        if not -len(self) <= row < len(self):
            raise IndexError(f"row {row} of {len(self)}")
        return self._at(int(row) % len(self))

    def _at(self, row: int) -> Any:
        raise NotImplementedError


class Texts(_Column):
    """Texts one after the other as UTF-8, and where each ends. An empty one stands for None."""

    def __init__(self, data: bytes | bytearray, ends: np.ndarray) -> None:
        self._data, self._ends = data, ends

    def __len__(self) -> int:
        return len(self._ends) - 1

    def _at(self, row: int) -> str | None:
        return self._data[self._ends[row] : self._ends[row + 1]].decode("utf-8", "surrogatepass") or None

    def __iter__(self) -> Iterator[str | None]:
        for begin in range(0, len(self), CHUNK):
            for start, end in pairwise(self._ends[begin : begin + CHUNK + 1].tolist()):
                yield self._data[start:end].decode("utf-8", "surrogatepass") or None


class Labels(_Column):
    """Values of which there are few, as their numbers."""

    def __init__(self, values: list[str | None], numbers: np.ndarray) -> None:
        self._values, self._numbers = values, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def _at(self, row: int) -> str | None:
        return self._values[self._numbers[row]]

    def __iter__(self) -> Iterator[str | None]:
        for begin in range(0, len(self), CHUNK):
            yield from map(self._values.__getitem__, self._numbers[begin : begin + CHUNK].tolist())


class Numbers(_Column):
    """``values``: int64 or float64. ``missing``: where there is none, or None where all are there."""

    def __init__(self, values: np.ndarray, missing: np.ndarray | None = None) -> None:
        self.values, self.missing = values, missing

    def __len__(self) -> int:
        return len(self.values)

    def _at(self, row: int) -> float | None:
        return None if self.missing is not None and self.missing[row] else self.values[row].item()

    def __iter__(self) -> Iterator[float | None]:
        for begin in range(0, len(self), CHUNK):
            numbers = self.values[begin : begin + CHUNK].tolist()
            if self.missing is not None:
                for place in np.flatnonzero(self.missing[begin : begin + CHUNK]):
                    numbers[place] = None
            yield from numbers

    def there(self) -> np.ndarray:
        """The numbers that are not missing."""
        return self.values if self.missing is None else self.values[~self.missing]


class Cells:
    """A column while it is read: cells in, as they stand in the file; at its end the smallest sequence of them.

    As long as few of them differ they are kept as numbers; the first cell too many turns all of them into texts.
    """

    def __init__(self) -> None:
        self.count = 0
        self._new: list[str] = []
        self._known: dict[str, int] | None = {}
        self._numbers, self._data, self._lengths = array("i"), bytearray(), array("i")

    def add(self, cell: str) -> None:
        self._new.append(cell)
        self.count += 1
        if len(self._new) == CHUNK:
            self._pack()

    def __iter__(self) -> Iterator[str]:
        """The cells again, as they stood in the file."""
        self._pack()
        if self._known is not None:
            values = list(self._known)
            return map(values.__getitem__, self._numbers)
        return self._texts()

    def distinct(self) -> list[str] | None:
        """The different cells where there are few, in the order of their first."""
        self._pack()
        return None if self._known is None else list(self._known)

    def texts(self) -> Texts | Labels:
        """As a column of text; a cell of blanks is missing."""
        self._pack()
        if self._known is not None:
            values = [cell if cell.strip() else None for cell in self._known]
            kind = np.uint8 if len(values) <= 2**8 else np.uint16
            return Labels(values, np.frombuffer(self._numbers, np.intc).astype(kind))
        ends = np.zeros(self.count + 1, np.int64)
        np.cumsum(np.frombuffer(self._lengths, np.intc), out=ends[1:])
        return Texts(self._data, ends)

    def _pack(self) -> None:
        cells, self._new = self._new, []
        if self._known is not None:
            known = self._known
            self._numbers.extend([known.setdefault(cell, len(known)) for cell in cells])
            if len(known) > FEW:
                self._spell_out()
            return
        self._append(cells)

    def _spell_out(self) -> None:
        values, numbers = list(self._known), self._numbers
        self._known, self._numbers = None, array("i")
        for begin in range(0, len(numbers), CHUNK):
            self._append([values[number] for number in numbers[begin : begin + CHUNK]])

    def _append(self, cells: list[str]) -> None:
        raw = [b"" if cell.isspace() else cell.encode("utf-8", "surrogatepass") for cell in cells]
        self._data += b"".join(raw)
        self._lengths.extend(map(len, raw))

    def _texts(self) -> Iterator[str]:
        start = 0
        for length in self._lengths:
            yield self._data[start : start + length].decode("utf-8", "surrogatepass")
            start += length


def counted(values: Sequence[Any], most: int) -> tuple[int, int, list[tuple[Any, int]]]:
    """How many values there are (None and what is empty left out), how many differ, and the ``most`` frequent with
    their counts; of equally many the one first that comes first."""
    if isinstance(values, Numbers):
        return _counted(values.there(), lambda row: values.there()[row].item(), most)
    if not isinstance(values, _Column):
        counts = Counter(tuple(value) if isinstance(value, list) else value for value in values if not empty(value))
        return counts.total(), len(counts), counts.most_common(most)
    marks = np.fromiter(map(hash, values), np.int64, len(values))
    kept = marks != hash(None)
    rows = None if kept.all() else np.flatnonzero(kept)
    return _counted(
        marks if rows is None else marks[rows], lambda row: values[row if rows is None else rows[row]], most
    )


def _counted(marks: np.ndarray, value: Callable[[int], Any], most: int) -> tuple[int, int, list[tuple[Any, int]]]:
    """By a number that stands for each value."""
    _, first, counts = np.unique(marks, return_index=True, return_counts=True)
    frequent = np.lexsort((first, -counts))[:most]
    return len(marks), len(counts), [(value(first[each]), int(counts[each])) for each in frequent]


def empty(value: Any) -> bool:
    """Whether a cell is missing: None, or nothing in it."""
    return value is None or value == "" or value == []


def marks_of(columns: Sequence[Sequence[Any]]) -> np.ndarray:
    """A number for each record, ``(rows,)`` int64: the same for the same values in these columns, within a process."""
    return np.fromiter((hash(tuple(map(_plain, row))) for row in zip(*columns, strict=True)), np.int64)


def _plain(value: Any) -> Any:
    """What has a hash of its own: Python's of -1 and of -2 are the same, and lists have none."""
    return value if value is None or isinstance(value, str) else repr(value)
