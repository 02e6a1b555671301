"""Small tables that the tests of columns look at."""

from __future__ import annotations

from rnncore.data.table import Table


def table(**columns) -> Table:
    rows = len(next(iter(columns.values())))
    return Table("t.csv", "csv", columns, list(range(2, rows + 2)))


def repeated(values, times=10):
    return [value for _ in range(times) for value in values]


def texts(rows=40, word="text"):
    return [f"{word} number {row} of them" for row in range(rows)]
