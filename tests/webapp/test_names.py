"""Names that come from outside."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp import names
from webapp.problems import Invalid


def test_examples():
    assert doctest.testmod(names).failed == 0


@given(st.text(max_size=600))
def test_any_text_becomes_the_name_of_one_file(text):
    name = names.clean_filename(text)
    assert name
    assert name not in (".", "..")
    assert not set("/\\\0\n\r") & set(name)
    assert len(name.encode()) <= names.FILENAME_BYTES
    assert names.clean_filename(name) == name


def test_the_ending_survives_and_names_stay_readable():
    assert names.clean_filename("x" * 500 + ".tar.gz").endswith("x.gz")
    assert names.clean_filename(" a \t b.txt ") == "a b.txt"
    assert names.clean_filename("a\u200d\U0001f98a.txt") == "a\u200d\U0001f98a.txt"


@pytest.mark.parametrize("text", ["", " ", "\x00\x07", "\u202e", "\u200b", "\u2060 \ufe0f", "a" * 201])
def test_names_that_are_none(text):
    with pytest.raises(Invalid):
        names.clean_name(text)
