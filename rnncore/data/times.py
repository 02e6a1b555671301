"""Dates and times of a series: reading them, the rhythm in which they come, and those that follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from rnncore.errors import DataError

SHOWN_GAP = 1.5
"""Times the usual step from which on a step is a gap."""

_DATES = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y%m%d", "%d-%m-%Y",
    "%d %b %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y",
)  # fmt: skip
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p")
_MONTHS = ("%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%B %Y")

DAY = 86_400_000
"""In milliseconds, as every span here."""


def parse(values: Sequence[Any], lines: Sequence[int], column: str, file: str) -> np.ndarray:
    """Times ``(rows,)`` as ``datetime64[ms]``, in UTC where the file names a zone.

    ISO 8601, the customary forms of a date with or without a clock, years, and seconds or milliseconds since 1970 are
    read; all rows must have one form. Of two that fit, such as day first and month first, the one is taken in which
    the times rise more often. Raises DataError that names the line of the first row that does not fit.
    """
    best, found = 0, []
    for read in _forms():
        times, good = _read(values, read)
        if good == len(values):
            found.append(np.array(times, "datetime64[ms]"))
        best = max(best, good)
    if not found:
        like = f", written like {values[best - 1]!r} above it" if best else ""
        raise DataError(
            f"{file}: {values[best]!r} in {column!r} is not a date or time{like}", line=lines[best],
            hint="Write all of them in one form, best as 2026-01-31 13:00.",
        )  # fmt: skip
    return max(found, key=lambda times: int((np.diff(times) > np.timedelta64(0, "ms")).sum()))


def _forms() -> list[Callable[[Any], datetime]]:
    written = [date + clock for date in _DATES for clock in _CLOCKS] + list(_MONTHS)
    return [_iso, _number, *(lambda value, form=form: datetime.strptime(str(value).strip(), form) for form in written)]


def _read(values: Sequence[Any], read: Callable[[Any], datetime]) -> tuple[list[datetime], int]:
    """The times, and how many rows could be read before the first that could not."""
    times = []
    for value in values:
        try:
            times.append(read(value))
        except (ValueError, OverflowError, OSError):
            break
    return times, len(times)


def _iso(value: Any) -> datetime:
    text = str(value).strip()
    if text.isdigit():
        raise ValueError  # a number means a year or seconds, see _number
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)


def _number(value: Any) -> datetime:
    number = float(value)
    if 1000 <= number <= 3000 and number.is_integer():
        return datetime(int(number), 1, 1)
    if not 1e8 <= number < 1e14:
        raise ValueError
    return datetime.fromtimestamp(number / 1000 if number >= 1e11 else number, UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Rhythm:
    """How times follow each other: every ``count`` milliseconds, months or working days (``unit``)."""

    unit: str
    count: int

    @classmethod
    def of(cls, times: np.ndarray) -> Rhythm:
        """Of rising times, two at least."""
        usual = int(np.median(np.diff(times).astype(np.int64)))
        if usual >= 28 * DAY and (months := _months(times)):
            return cls("months", months)
        days = times.astype("datetime64[D]")
        if usual == DAY and len(times) > 5 and np.is_busday(days).all():
            return cls("working days", 1)
        return cls("milliseconds", max(1, usual))

    @classmethod
    def about(cls, step: float) -> Rhythm:
        """Of the mean step in milliseconds, a customary one that is near it, else as it is."""
        months = round(step / (365.25 * DAY / 12))
        if months and abs(step / (months * 365.25 * DAY / 12) - 1) < 0.05:
            return cls("months", months)
        minutes = (1, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 7 * 1440)
        near = min(minutes, key=lambda count: abs(step / (60_000 * count) - 1))
        customary = abs(step / (60_000 * near) - 1) < 0.05
        return cls("milliseconds", 60_000 * near if customary else max(1, round(step)))

    def after(self, last: np.datetime64, steps: int) -> np.ndarray:
        """The ``steps`` times that follow ``last``."""
        ahead = np.arange(1, steps + 1) * self.count
        if self.unit == "milliseconds":
            return last + ahead.astype("timedelta64[ms]")
        day = last.astype("datetime64[D]")
        if self.unit == "working days":
            return np.busday_offset(day, ahead).astype("datetime64[ms]") + (last - day)
        month = last.astype("datetime64[M]")
        ends = (day + 1).astype("datetime64[M]") > month
        months = month + ahead.astype("timedelta64[M]")
        lengths = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
        into = lengths - 1 if ends else np.minimum((day - month.astype("datetime64[D]")).astype(np.int64), lengths - 1)
        return (months.astype("datetime64[D]") + into.astype("timedelta64[D]")).astype("datetime64[ms]") + (last - day)

    def seasons(self) -> list[int]:
        """Steps after which such a series may repeat, the likeliest first: a day, a week, an hour, a year."""
        if self.unit == "working days":
            return [5]
        if self.unit == "months":
            return [12 // self.count] if 12 % self.count == 0 and self.count < 12 else []
        spans = (DAY, 7 * DAY, DAY // 24)
        steps = [span // self.count for span in spans if span % self.count == 0 and span > self.count]
        return steps + ([52] if self.count == 7 * DAY else [])

    def gaps(self, times: np.ndarray) -> np.ndarray:
        """The rows before which at least one time is missing."""
        if self.unit == "milliseconds":
            return np.flatnonzero(np.diff(times).astype(np.int64) > SHOWN_GAP * self.count) + 1
        unit = "datetime64[M]" if self.unit == "months" else "datetime64[D]"
        whole = times.astype(unit)
        steps = np.busday_count(whole[:-1], whole[1:]) if unit == "datetime64[D]" else np.diff(whole).astype(np.int64)
        return np.flatnonzero(steps > self.count) + 1


def _months(times: np.ndarray) -> int:
    """The number of months between neighbours, if they stand on one day of the month or on its last; else 0."""
    days = times.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    first = (days - months.astype("datetime64[D]")).astype(np.int64)
    ends = ((days + 1).astype("datetime64[M]") > months).all()
    return int(np.median(np.diff(months).astype(np.int64))) if ends or len(set(first.tolist())) == 1 else 0


def written(times: np.ndarray) -> list[str]:
    """As ISO 8601: ``2026-01-31`` where all stand at midnight, else with the time of day."""
    if len(times) == 0:
        return []
    if (times == times.astype("datetime64[D]")).all():
        return np.datetime_as_string(times, "D").tolist()
    unit = "s" if (times == times.astype("datetime64[s]")).all() else "ms"
    return np.datetime_as_string(times, unit).tolist()
