"""A table as a series, and a series as windows."""

from __future__ import annotations

import numpy as np
import pytest

from rnncore.data.table import Table
from rnncore.data.windows import Scale, Windows, read_series
from rnncore.errors import DataError


def table(**columns):
    rows = len(next(iter(columns.values())))
    return Table("file.csv", "csv", columns, list(range(2, rows + 2)))


def test_rows_come_into_the_order_of_time():
    found = read_series(table(t=["2026-01-03", "2026-01-01", "2026-01-02"], v=[3, 1, 2], k=[30, 10, 20]), ["v"], ["k"],
                        "t")  # fmt: skip
    assert found.values[:, 0].tolist() == [1, 2, 3] and found.known[:, 0].tolist() == [10, 20, 30]
    assert found.lines == [3, 4, 2]


def test_rows_without_values_are_the_future():
    found = read_series(table(v=[1, 2, None, None], k=[0, 1, 0, 1]), ["v"], ["k"], None)
    assert len(found) == 2 and found.known[:, 0].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("columns", "line", "message"),
    [
        ({"v": [1, None, 3]}, 3, "1 of 3 values in 'v' are missing"),
        ({"v": [1, "two", 3]}, 3, "'two' in 'v' is no number"),
        ({"v": [1, float("inf"), 3]}, 3, "inf in 'v' is no number"),
        ({"v": [None, None]}, None, "there is no value in 'v'"),
        ({"w": [1, 2]}, None, "file.csv has no column 'v'; it has 'w'"),
        ({"v": [1, 2, 3], "t": ["2026-01-01", "2026-01-02", "2026-01-02"]}, 4, "1 times in 't' stand twice"),
        ({"v": [1, 2, 3], "t": ["2026-01-01", "2026-01-02", "Mon"]}, 4, "'Mon' in 't' is not a date"),
        ({"v": [1, 2, None], "t": ["2026-01-01", "2026-01-03", "2026-01-02"]}, 4, "a row without values stands before"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(columns, line, message):
    with pytest.raises(DataError) as caught:
        read_series(table(**columns), ["v"], [], "t" if "t" in columns else None)
    assert message in str(caught.value) and caught.value.line == line


def test_a_known_column_must_be_whole():
    with pytest.raises(DataError, match="'k' are missing"):
        read_series(table(v=[1, 2], k=[1, None]), ["v"], ["k"], None)


def test_scaling_there_and_back():
    values = np.array([[1.0, 5.0], [3.0, 5.0]])
    scale = Scale.of(values)
    assert scale.deviation.tolist() == [1.0, 1.0]  # what never changes is left as it is
    assert scale.into(values).tolist() == [[-1, 0], [1, 0]]
    assert np.allclose(scale.back(scale.into(values)), values)
    assert np.array_equal(Scale.from_dict(scale.to_dict()).mean, scale.mean)
    assert scale.of_columns(slice(1, None)).mean.tolist() == [5.0]


def windows(start, stop, lookback=3, horizon=2):
    rows = np.arange(20.0)
    return Windows("valid", np.stack([rows, 100 + rows], 1), 1, start, stop, lookback, horizon)


def test_a_window_is_what_was_read_and_what_came():
    read, known, truth = windows(10, 16).read(np.array([0, 4]))
    assert read[:, 0].tolist() == [[7, 107], [8, 108], [9, 109]]
    assert (known[:, 0].tolist(), truth[:, 0].tolist()) == ([[110], [111]], [[10], [11]])
    assert truth[:, 1].tolist() == [[14], [15]]


def test_every_window_of_a_part_is_counted():
    assert len(windows(10, 16)) == 5  # forecasts start at rows 10 … 14; the lookback reaches before row 10
    assert len(windows(0, 16)) == 12  # here it cannot: forecasts start at rows 3 … 14
    assert len(windows(10, 11)) == 0
    assert len(windows(0, 20, lookback=19)) == 0


def test_some_windows_over_the_whole_part():
    assert windows(0, 20).spread(4).tolist() == [0, 5, 10, 15]
    assert windows(10, 14).spread(50).tolist() == [0, 1, 2]
