"""What figures and baselines are called in templates."""

from __future__ import annotations

import pytest

from webapp.pages.templatetags.figures import baseline, cell, spaced


@pytest.mark.parametrize(
    ("name", "said"),
    [("copy the source", "copy of the source"), ("direct linear", "linear forecast"), ("unigram", "word counts"),
     ("uniform", "guessing"), ("majority class", "majority class"), ("3-gram", "3-gram")],
)  # fmt: skip
def test_a_baseline_reads_well_after_the(name, said):
    assert baseline(name, "word") == said


def test_a_cell_is_written_as_its_authors_do():
    assert (cell("mingru"), cell("lstm"), cell("of a later version")) == ("minGRU", "LSTM", "of a later version")


def test_only_the_share_behind_an_answer_is_spaced():
    assert spaced("8 (12%)") == "8 (12\u00a0%)"
    assert spaced("up (by 5%) today") == "up (by 5%) today"
    assert spaced(18.5) == "18.5"
