"""What columns hold."""

from __future__ import annotations

import pytest

from rnncore.data.columns import numbers_of, survey
from tests.rnncore.data.tables import repeated, table, texts


def kinds(found):
    return {column["name"]: column["kind"] for column in found}


def test_kinds():
    found = survey(table(
        words=texts(), label=repeated("abcd"), whole=repeated([3, 1, 2, 7]), real=[row / 7 for row in range(40)],
        when=[f"2026-01-{row % 28 + 1:02d} 0{row // 28}:00" for row in range(40)], row=list(range(40)),
        lists=[["a", "b"]] * 40, series=[[1, 2.5]] * 40, written=[f"0.{row} 1.5 2" for row in range(40)],
        nothing=[None] * 40,
    ))  # fmt: skip
    assert kinds(found) == {
        "words": "text", "label": "category", "whole": "integer", "real": "number", "when": "time", "row": "id",
        "lists": "tokens", "series": "numbers", "written": "numbers", "nothing": "text",
    }  # fmt: skip


def test_lengths_and_counts():
    (column,) = survey(table(words=["ab cd, E", "e", None, "e"]))
    assert (column["missing"], column["unique"], column["constant"]) == (1, 2, False)
    assert column["lengths"]["words"]["max"] == 3 and column["lengths"]["characters"]["mean"] == pytest.approx(10 / 3)
    assert column["distinct"] == {"characters": 8, "words": 4, "pieces": 5, "repeated": 1, "lowered": 4}
    assert sum(count for _, count in column["lengths"]["characters"]["histogram"]) == 3
    (column,) = survey(table(n=[5, None, 1]))
    assert (column["min"], column["max"]) == (1, 5)


def test_lists_of_numbers_are_read_however_they_are_written():
    assert numbers_of("1 2.5") == numbers_of("[1, 2.5]") == numbers_of([1, 2.5]) == [1.0, 2.5]
    with pytest.raises(ValueError):
        numbers_of("1 x")
