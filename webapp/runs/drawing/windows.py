"""Windows over the reader's own series: what is read, what is to be forecast, the next window, the parts.

The inspection keeps the first rows of a series one by one, and rows evenly spread over the whole of it; nothing else is
read here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rnncore.data.windows import segment
from rnncore.defaults import Facts
from rnncore.defaults import series as defaults
from rnncore.recipe import Recipe
from webapp.datasets.models import Version
from webapp.pages.templatetags.units import number
from webapp.runs.facts import facts_of

LEFT, RIGHT = 4, 360
WHOLE_TOP, WHOLE_BOTTOM = 20, 84  # the curve of the whole series
NEAR_TOP, NEAR_BOTTOM = 126, 216  # that of one window
HEIGHT = 280
NARROW = 0.06  # share of the width that a horizon has at least, so that it can be seen
NARROWEST = 4  # a segment that is drawn
PARTS = {"train": "training", "valid": "validation", "test": "test"}


@dataclass(frozen=True)
class Bar:
    """A stretch of steps: where it is drawn, and what it is."""

    x: float
    width: float
    name: str = ""

    @property
    def end(self) -> float:
        return round(self.x + self.width, 1)

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class Windows:
    """The drawing. ``whole`` and ``near``: curves of ``column`` as SVG paths, of all and of one window; ``parts`` and
    ``here``: of the whole; ``read``, ``ahead``, ``next_read``, ``next_ahead``: of the near one; ``band``: the idea of
    quantiles that grow apart."""

    column: str
    more: int
    batch: int
    lookback: int
    horizon: int
    segment: int
    rows: dict[str, int]
    quantiles: tuple[float, float]
    whole: str
    near: str
    band: str
    parts: list[Bar]
    here: Bar
    read: Bar
    ahead: Bar
    next_read: Bar
    next_ahead: Bar
    exact: bool
    template = "runs/_step_windows.html"
    title = "One window, on your series"
    height = HEIGHT

    @property
    def caption(self) -> str:
        others = f" and {self.more} more column{'' if self.more == 1 else 's'}" if self.more else ""
        return f"{self.column}{others}; {number(self.batch)} windows a step, anywhere in the training part"

    @property
    def segments(self) -> list[float]:
        """Where a segment ends and the next one begins; none where they would be too narrow to see."""
        each = self.read.width * self.segment / self.lookback
        if each < NARROWEST:
            return []
        return [round(self.read.x + each * count, 1) for count in range(1, math.ceil(self.lookback / self.segment))]

    @property
    def note(self) -> str:
        wide = f", {number(self.segment)} steps side by side" if self.segment > 1 else ""
        low, high = self.quantiles
        band = (
            f"the band is how quantiles from {low:g} to {high:g} grow apart, not yet a forecast"
            if low < high
            else f"one quantile, {low:g}, is forecast"
        )
        rough = "" if self.exact else " Drawn from rows spread over the series: a window is longer than what is kept."
        return (
            f"{number(self.lookback)} steps are read{wide}, the next {number(self.horizon)} are forecast; {band}. "
            f"The next window begins one step later.{rough}"
        )

    @property
    def alternative(self) -> str:
        parts = ", ".join(f"{PARTS[name]} {number(rows)}" for name, rows in self.rows.items() if rows)
        return (
            f"The series {self.column} with its parts in steps ({parts}), and one window of it: "
            f"{number(self.lookback)} steps that are read, then {number(self.horizon)} that are forecast. "
            "The next window begins one step later."
        )


def draw(version: Version, recipe: Recipe) -> Windows | None:
    """The windows of a filled recipe; None where no values of the series are kept."""
    task, training = recipe.task, recipe.training
    columns = list(task.value_columns or ())
    kept = _kept(version, columns)
    if kept is None:
        return None
    column, whole, first, total = kept
    rows = _rows(recipe, facts_of(version, recipe), total)
    length = task.lookback + task.horizon
    exact = length < len(first)
    start = 0 if exact else max(0, rows["train"] - length - 1)
    near = _Scale(first[: length + 1] if exact else _stretch(whole, start, length + 1, total), NEAR_TOP, NEAR_BOTTOM)
    read, ahead, shift = _bars(task.lookback, task.horizon)
    share = task.lookback / length
    return Windows(
        column=column, more=len(columns) - 1, batch=training.batch_size, lookback=task.lookback, horizon=task.horizon,
        segment=1 if task.strategy == "recursive" else segment(task.lookback, task.season), rows=rows,
        quantiles=(task.quantiles[0], task.quantiles[-1]),
        whole=_Scale(whole, WHOLE_TOP, WHOLE_BOTTOM).path(LEFT, RIGHT), near=near.window(share, read, ahead),
        band=near.band(share, read, ahead), parts=list(_parts(rows, total)), here=_over(start, length, total),
        read=read, ahead=ahead, next_read=Bar(read.x + shift, read.width), next_ahead=Bar(ahead.x + shift, ahead.width),
        exact=exact,
    )  # fmt: skip


def _rows(recipe: Recipe, facts: Facts, total: int) -> dict[str, int]:
    """How many rows each part has."""
    training = recipe.training
    rows = defaults.rows_of(dict(training), facts)
    test = training.split_rows[2] if training.split_rows else total - sum(rows.values())
    return {**rows, "test": max(0, test)}


def _kept(version: Version, columns: list[str]) -> tuple[str, list[float], list[float], int] | None:
    """The first column of which values are kept: its name, values spread over all rows, the first ones, all rows."""
    series = version.inspection["preview"].get("series", {})
    kept = {column: _numbers(series[column]["spread"]) for column in columns if column in series}
    column = next((column for column, values in kept.items() if len(values) > 1), None)
    if column is None:
        return None
    return column, kept[column], _numbers(series[column]["first"]), version.inspection["statistics"]["records"]


def _numbers(values: Sequence[Any]) -> list[float]:
    """What is missing is as it was before."""
    found: list[float] = []
    for value in values:
        if isinstance(value, int | float) and math.isfinite(value):
            found.append(float(value))
        elif found:
            found.append(found[-1])
    return found


def _stretch(whole: list[float], start: int, length: int, total: int) -> list[float]:
    """Of rows spread over the whole, those of a stretch of it; two at least."""
    first = start * len(whole) // total
    count = max(2, length * len(whole) // total)
    first = max(0, min(first, len(whole) - count))
    return whole[first : first + count]


def _bars(lookback: int, horizon: int) -> tuple[Bar, Bar, float]:
    """What is read and what is forecast, and by how much the next window is shifted, at least so that it is seen."""
    width = RIGHT - LEFT - 8
    share = min(1 - NARROW, max(NARROW, lookback / (lookback + horizon)))
    read = Bar(LEFT, round(width * share, 1))
    return read, Bar(read.end, round(width - read.width, 1)), min(8.0, max(3.0, width / (lookback + horizon)))


def _parts(rows: dict[str, int], total: int) -> list[Bar]:
    at, found = 0, []
    for part, name in PARTS.items():
        if rows.get(part):
            bar = _over(at, rows[part], total)
            found.append(Bar(bar.x, bar.width, name))
        at += rows.get(part, 0)
    return found


def _over(start: int, length: int, total: int) -> Bar:
    """A stretch of rows over the curve of the whole."""
    unit = (RIGHT - LEFT) / max(1, total)
    return Bar(round(LEFT + start * unit, 1), round(max(2.0, min(length, total) * unit), 1))


class _Scale:
    """Values as heights between ``top`` and ``bottom``."""

    def __init__(self, values: list[float], top: float, bottom: float) -> None:
        self.values, self.low, self.high = values, min(values), max(values)
        self.top, self.bottom = top, bottom

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return round(self.bottom - share * (self.bottom - self.top), 1)

    def path(self, left: float, right: float) -> str:
        """A line through all values."""
        unit = (right - left) / max(1, len(self.values) - 1)
        return _line((left + unit * index, self.y(value)) for index, value in enumerate(self.values))

    def window(self, share: float, read: Bar, ahead: Bar) -> str:
        """A line through all values, of which the first ``share`` are read and the others lie ahead."""
        return _line((self._x(index, share, read, ahead), self.y(value)) for index, value in enumerate(self.values))

    def band(self, share: float, read: Bar, ahead: Bar) -> str:
        """Around what lies ahead, ever wider: as far as a walk of steps like those of the series would go."""
        steps = [abs(after - before) for before, after in zip(self.values, self.values[1:], strict=False)]
        usual = sum(steps) / max(1, len(steps))
        above, below = [], []
        for index, value in enumerate(self.values):
            if (past := index - share * (len(self.values) - 1)) < 0:
                continue
            x, wide = self._x(index, share, read, ahead), usual * math.sqrt(past)
            above.append((x, max(self.top - 6, self.y(value + wide))))
            below.append((x, min(self.bottom + 6, self.y(value - wide))))
        return _line([*above, *reversed(below)]) + "Z"

    def _x(self, index: int, share: float, read: Bar, ahead: Bar) -> float:
        place = index / max(1, len(self.values) - 1)
        if place <= share:
            return read.x + read.width * place / share
        return ahead.x + ahead.width * (place - share) / (1 - share)


def _line(points: Any) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
