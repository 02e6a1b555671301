"""Dates as files write them, the rhythm in which they come, and those that follow."""

from __future__ import annotations

import numpy as np
import pytest

from rnncore.data.times import Rhythm, parse, written
from rnncore.errors import DataError


def parsed(*values):
    return parse(values, range(2, len(values) + 2), "when", "file.csv")


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("2026-01-31", "2026-01-31T00:00"), ("2026-01-31 13:05", "2026-01-31T13:05"),
        ("2026-01-31T13:05:09Z", "2026-01-31T13:05:09"), ("2026-01-31T13:00+02:00", "2026-01-31T11:00"),
        ("31.01.2026", "2026-01-31T00:00"), ("31/01/2026 13:05", "2026-01-31T13:05"),
        ("01/31/2026", "2026-01-31T00:00"), ("Jan 31, 2026", "2026-01-31T00:00"),
        ("January 31, 2026", "2026-01-31T00:00"), ("2026-01", "2026-01-01T00:00"),
        ("20260131", "2026-01-31T00:00"), (2026, "2026-01-01T00:00"), (1769864700, "2026-01-31T13:05"),
        (1769864700000.0, "2026-01-31T13:05"),
    ],
)  # fmt: skip
def test_a_date_in_many_forms(value, meant):
    assert parsed(value)[0] == np.datetime64(meant)


def test_of_two_readings_the_one_that_rises():
    assert written(parsed("01/02/2026", "02/02/2026", "03/02/2026"))[0] == "2026-02-01"
    assert written(parsed("01/31/2026", "02/01/2026"))[1] == "2026-02-01"
    assert written(parsed("01/02/2026", "01/03/2026", "01/04/2026", "02/01/2026"))[3] == "2026-02-01"


@pytest.mark.parametrize("odd", ["3.1.2026", "soon", None])
def test_another_form_among_them_is_named_with_its_line(odd):
    with pytest.raises(DataError) as caught:
        parsed("2026-01-01", "2026-01-02", odd)
    assert caught.value.line == 4 and repr(odd) in str(caught.value)
    assert "written like '2026-01-02' above it" in str(caught.value)


def test_no_date_at_all_is_named():
    with pytest.raises(DataError, match=r"file.csv: 'Bob' in 'when' is not a date or time$") as caught:
        parsed("Bob", "Eve")
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("values", "rhythm", "following", "seasons"),
    [
        (["2026-01-01 00:00", "2026-01-01 01:00"], ("milliseconds", 3_600_000), "2026-01-01T02:00:00", [24, 168]),
        (["2026-01-01", "2026-01-02", "2026-01-04"], ("milliseconds", 129_600_000), "2026-01-05T12:00:00", []),
        (["2026-01-30", "2026-01-31"], ("milliseconds", 86_400_000), "2026-02-01", [7]),
        (["2026-01-01", "2026-01-08"], ("milliseconds", 604_800_000), "2026-01-15", [52]),
        (["2026-01", "2026-02"], ("months", 1), "2026-03-01", [12]),
        (["2026-01-31", "2026-02-28", "2026-03-31"], ("months", 1), "2026-04-30", [12]),
        (["2026-01-15", "2026-04-15"], ("months", 3), "2026-07-15", [4]),
        (["2024", "2025"], ("months", 12), "2026-01-01", []),
        (["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08", "2026-01-09", "2026-01-12", "2026-01-13",
          "2026-01-14", "2026-01-15", "2026-01-16"], ("working days", 1), "2026-01-19", [5]),
    ],
)  # fmt: skip
def test_the_rhythm_goes_on(values, rhythm, following, seasons):
    times = parsed(*values)
    found = Rhythm.of(times)
    assert (found.unit, found.count) == rhythm
    assert written(found.after(times[-1], 1)) == [following]
    assert found.seasons() == seasons


def test_rhythms_of_months_keep_their_day_and_hour():
    times = parsed("2026-01-30 06:00", "2026-02-28 06:00")[:1]
    assert written(Rhythm("months", 1).after(times[0], 2)) == ["2026-02-28T06:00:00", "2026-03-30T06:00:00"]


def test_gaps_are_found():
    hours = parsed("2026-01-01 00:00", "2026-01-01 01:00", "2026-01-01 02:00", "2026-01-01 05:00")
    assert Rhythm.of(hours).gaps(hours).tolist() == [3]
    months = parsed("2026-01", "2026-02", "2026-03", "2026-05")
    assert Rhythm.of(months).gaps(months).tolist() == [3]
    week = parsed(*(f"2026-01-{day:02d}" for day in (1, 2, 5, 6, 7, 8, 9, 12, 14)))
    assert Rhythm.of(week).gaps(week).tolist() == [8]  # not the week-ends


@pytest.mark.parametrize(
    ("step", "seasons"), [(3_600_500, [24, 168]), (86_390_000, [7]), (2_629_000_000, [12]), (7_777, [])]
)
def test_a_customary_rhythm_near_a_mean_step(step, seasons):
    assert Rhythm.about(step).seasons() == seasons


def test_times_are_written_as_short_as_they_are():
    assert written(parsed("2026-01-01", "2026-01-02")) == ["2026-01-01", "2026-01-02"]
    assert written(parsed("2026-01-01 00:00", "2026-01-01 12:30"))[1] == "2026-01-01T12:30:00"
    assert written(parsed("2026-01-01T00:00:00.250", "2026-01-01T00:00:00.500"))[0] == "2026-01-01T00:00:00.250"
    assert written(np.empty(0, "datetime64[ms]")) == []
