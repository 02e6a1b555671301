"""A time series as windows: so many steps that are read, and those after them that are to be forecast.

::

    rows     0 ─────────────── train ───────────────┬── valid ──┬── test ──
    windows  [ lookback │ horizon ]                 │           │
              [ lookback │ horizon ]     [ lookback │ horizon ] │
                                                 a window's lookback may reach into the part before
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rnncore.data.table import Table
from rnncore.data.times import parse
from rnncore.errors import DataError

LEVELS = [round(0.05 * step, 2) for step in range(1, 20)]
"""Quantiles of the next value that a recursive network learns, whichever are asked for: paths are drawn from them."""

PATHS = 40
"""Futures drawn for each window; at each step one from each fortieth of the distribution (stratified sampling)."""

KNOWN_UNITS = 32
"""Of a direct network, that see what is known of a step together with the state."""

SHORT = 48
"""Steps of lookback up to which a window is read step by step, not in segments."""

SEGMENTS = 14
"""Of a longer window without a season, about."""


def segment(lookback: int, season: int) -> int:
    """Steps that a direct network reads side by side: a season, where the window holds four."""
    if lookback <= SHORT:
        return 1
    return season if 1 < season <= lookback // 4 else max(1, lookback // SEGMENTS)


@dataclass(frozen=True)
class Series:
    """The rows of a file in the order of time.

    ``values``: ``(rows, columns)``. ``known``: ``(rows + ahead, known columns)``; the last ``ahead`` rows of the file
    have no values yet. ``times``: ``(rows + ahead,)`` ``datetime64[ms]``, or None. ``lines``: of the file.
    """

    name: str
    columns: list[str]
    known_columns: list[str]
    values: np.ndarray
    known: np.ndarray
    times: np.ndarray | None
    lines: list[int]

    def __len__(self) -> int:
        return len(self.values)


def read_series(table: Table, columns: list[str], known: list[str], time: str | None) -> Series:
    """The series of a table. Rows at the end without any value are the future of the ``known`` columns.

    Raises DataError with the line: a column that is not there or holds no numbers, a value that is missing, a time
    that cannot be read or comes twice.
    """
    for column in (*columns, *known, *([time] if time else [])):
        if column not in table.columns:
            raise DataError(f"{table.name} has no column {column!r}; it has {', '.join(map(repr, table.columns))}")
    count = _with_values(table, columns)
    values = _numbers(table, columns, count)
    ahead = _numbers(table, known, len(table) if known else count)
    times, order = None, np.arange(len(table))
    if time:
        times = parse(table.columns[time], table.lines, time, table.name)
        order = np.argsort(times, kind="stable")
        _refuse_repeats(times[order], [table.lines[row] for row in order], time, table.name)
        if (np.sort(order[:count]) != np.arange(count)).any():
            first = int(order[:count].max())
            raise DataError(f"{table.name}: a row without values stands before rows with them", line=table.lines[first])
    return Series(
        name=table.name, columns=columns, known_columns=known, values=values[order[:count]],
        known=ahead[order[: len(ahead)]], times=None if times is None else times[order][: max(count, len(ahead))],
        lines=[table.lines[row] for row in order],
    )  # fmt: skip


def _with_values(table: Table, columns: list[str]) -> int:
    """The number of rows up to the last that has a value."""
    count = len(table)
    while count and all(_missing(table.columns[column][count - 1]) for column in columns):
        count -= 1
    if not count:
        raise DataError(f"{table.name}: there is no value in {', '.join(map(repr, columns))}")
    return count


def _missing(value: Any) -> bool:
    return value is None or value == ""


def _numbers(table: Table, columns: list[str], rows: int) -> np.ndarray:
    """``(rows, columns)`` float64. Raises DataError with the line of the first cell that is no number."""
    array = np.empty((rows, len(columns)))
    for index, column in enumerate(columns):
        cells = table.columns[column][:rows]
        missing = [row for row, value in enumerate(cells) if _missing(value)]
        if missing:
            raise DataError(
                f"{table.name}: {len(missing):,} of {rows:,} values in {column!r} are missing",
                line=table.lines[missing[0]], hint="Fill them in, or leave those rows out.",
            )  # fmt: skip
        for row, value in enumerate(cells):
            number = _number(value)
            if number is None:
                raise DataError(f"{table.name}: {value!r:.40} in {column!r} is no number", line=table.lines[row])
            array[row, index] = number
    return array


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


def _refuse_repeats(times: np.ndarray, lines: list[int], column: str, file: str) -> None:
    again = np.flatnonzero(np.diff(times) == np.timedelta64(0, "ms")) + 1
    if len(again):
        raise DataError(
            f"{file}: {len(again):,} times in {column!r} stand twice, the first of them {times[again[0]]}",
            line=lines[again[0]], hint="A file holds one series, one row a time; several series want a file each.",
        )  # fmt: skip


@dataclass(frozen=True)
class Scale:
    """What takes each column to mean 0 and deviation 1 over the training part; ``mean``, ``deviation``: ``(columns,)``.

    The deviation is that of the population, as the published figures have it.
    """

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, table: np.ndarray) -> Scale:
        deviation = table.std(0)
        return cls(table.mean(0), np.where(deviation > 0, deviation, 1.0))

    def into(self, table: np.ndarray) -> np.ndarray:
        """Scaled; the columns are the last dimension."""
        return (table - self.mean) / self.deviation

    def back(self, table: np.ndarray) -> np.ndarray:
        """The inverse of ``into``."""
        return table * self.deviation + self.mean

    def of_columns(self, which: slice) -> Scale:
        """That of some of the columns."""
        return Scale(self.mean[which], self.deviation[which])

    def to_dict(self) -> dict[str, list[float]]:
        return {"mean": self.mean.tolist(), "deviation": self.deviation.tolist()}

    @classmethod
    def from_dict(cls, body: dict[str, list[float]]) -> Scale:
        return cls(np.array(body["mean"]), np.array(body["deviation"]))


@dataclass(frozen=True)
class Windows:
    """Every window whose ``horizon`` steps lie in the rows ``start`` to ``stop`` of a table.

    ``table``: ``(rows, columns + known)``, scaled, the values in the first ``columns``. Window number 0 starts to
    forecast at ``first``.
    """

    name: str
    table: np.ndarray
    columns: int
    start: int
    stop: int
    lookback: int
    horizon: int

    @property
    def first(self) -> int:
        return max(self.start, self.lookback)

    def __len__(self) -> int:
        return max(0, self.stop - self.horizon + 1 - self.first)

    def read(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What is read ``(lookback, batch, columns + known)``, what is known of the future ``(horizon, batch, known)``
        and what came then ``(horizon, batch, columns)`` of the windows ``index`` ``(batch,)``."""
        rows = self.first + np.asarray(index) + np.arange(-self.lookback, self.horizon)[:, None]  # (time, batch)
        whole = self.table[rows]
        ahead = whole[self.lookback :]
        return whole[: self.lookback], ahead[..., self.columns :], ahead[..., : self.columns]

    def spread(self, most: int) -> np.ndarray:
        """At most so many window numbers, evenly over the part."""
        return np.unique(np.linspace(0, len(self) - 1, min(most, len(self))).astype(int))
