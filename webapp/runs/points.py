"""``progress`` events as packed columns: float64, little-endian, column after column."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from rnncore.events import Progress, iso, ms_of

_WHOLE = ("seq", "at", "step")  # whole numbers below 2**53, exact in a float64
VALUES = tuple(field.name for field in dataclasses.fields(Progress) if field.name != "step")
COLUMNS = _WHOLE + VALUES
SEQ, STEP = COLUMNS.index("seq"), COLUMNS.index("step")
DRAWN = ("loss", "learning_rate", "grad_norm", "tokens_per_second")  # whose extremes a chart must not lose
EMPTY = np.empty((len(COLUMNS), 0))


def pack(points: Sequence[dict[str, Any]]) -> bytes:
    """Progress events as ``len(COLUMNS)`` columns. Null becomes NaN, ``at`` milliseconds since 1970.

    Raises ValueError when an event has another field than those of :class:`rnncore.events.Progress`.
    """
    table = np.empty((len(COLUMNS), len(points)), "<f8")
    for index, point in enumerate(points):
        if point.keys() != {"kind", *COLUMNS}:
            raise ValueError(f"progress event {point['seq']} has other fields than {', '.join(COLUMNS)}")
        table[:, index] = [point["seq"], ms_of(point["at"]), point["step"], *map(_number, map(point.get, VALUES))]
    return table.tobytes()


def unpack(columns: bytes) -> np.ndarray:
    """The packed columns as an array (column, point) in the order of ``COLUMNS``."""
    return np.frombuffer(columns, "<f8").reshape(len(COLUMNS), -1)


def as_events(table: np.ndarray) -> list[dict[str, Any]]:
    """The events of a table (column, point), as they were packed."""
    events = []
    for seq, at, step, *values in table.T.tolist():
        own = {name: None if value != value else value for name, value in zip(VALUES, values, strict=True)}
        events.append({"seq": int(seq), "at": iso(int(at)), "kind": "progress", "step": int(step), **own})
    return events


def _number(value: float | None) -> float:
    return np.nan if value is None else value
