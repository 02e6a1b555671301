"""Duplicate lines, counted by hashes that do not depend on how the text is cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncore.data import duplicates
from rnncore.data.characters import code_points
from rnncore.data.duplicates import DuplicateLines


def counted(blocks):
    counter = DuplicateLines()
    for block in blocks:
        codes = code_points(block)
        counter.feed(codes, np.flatnonzero(codes == 10))
    counter.finish()
    return counter


@given(st.lists(st.text(st.sampled_from("ab\n€"), min_size=1, max_size=5), max_size=30))
def test_against_a_set_of_lines(blocks):
    lines = [line for line in "".join(blocks).split("\n") if line]
    counter = counted(blocks)
    assert counter.count == len(lines) - len(set(lines))
    assert counter.lines == len(lines)
    assert not counter.estimated


def test_lines_that_differ_in_little_differ():
    lines = [f"{a}{b}{c}" for a in "ab\0" for b in ("", "a", "ba", "ab") for c in ("", "x" * 300, "x" * 301)]
    assert counted(["\n".join(lines)]).count == len(lines) - len(set(lines))


def test_a_line_over_many_blocks():
    assert counted(["ab" * 500, "ba" * 500, "\n" + "ab" * 500 + "ba", "ba" * 499 + "\n", "ab"]).count == 1


def test_too_many_lines_are_estimated(monkeypatch):
    monkeypatch.setattr(duplicates, "MOST", 2000)
    rng = np.random.default_rng(1)
    lines = [str(number) for number in rng.integers(0, 60_000, 60_000)]
    blocks = ["\n".join(lines[at : at + 1000]) + "\n" for at in range(0, len(lines), 1000)]
    counter = counted(blocks)
    assert counter.estimated
    assert len(counter._kept) <= 2000
    assert counter.count == pytest.approx(len(lines) - len(set(lines)), rel=0.15)
