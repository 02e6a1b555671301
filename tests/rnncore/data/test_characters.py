"""Characters as numbers, and in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncore.data.characters import code_points, describe, text_of


@given(st.text())
def test_there_and_back(text):
    codes = code_points(text)
    assert codes.tolist() == list(map(ord, text))
    assert text_of(codes) == text


@pytest.mark.parametrize(
    ("characters", "words"),
    [
        ("é", "'é' (U+00E9)"),
        ("\n", "line end (U+000A)"),
        ("\x07", "U+0007"),
        ("\u0301", "U+0301"),
        ("\u202e", "U+202E"),
        ("\ud83d", "U+D83D"),
        ("'", '"\'" (U+0027)'),
        ("aab", "'a' (U+0061), 'b' (U+0062)"),
    ],
)
def test_described(characters, words):
    assert describe(characters) == words


def test_only_some_are_named():
    assert describe("abc", most=1) == "'a' (U+0061) and 2 more"
