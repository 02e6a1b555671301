"""Where documents begin, however the text arrives."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncore.data.documents import DocumentStarts


def starts(documents, blocks):
    finder, places, before = DocumentStarts(documents), [], 0
    for block in blocks:
        places += [before + place for place in finder.feed(block)]
        before += len(block)
    return places


@pytest.mark.parametrize(
    ("documents", "text", "expected"),
    [
        ("none", "a\nb\n\nc", []),
        ("lines", "a\nb\n\nc", [2, 4, 5]),
        ("lines", "a\nb\n", [2]),
        ("records", "a\nb\n\nc\n\n\n\nd\n\n", [5, 10]),
        ("--", "a--b---c", [3, 6]),
        ("--", "a--", []),
        ("\r\n%%\r\n", "a\n%%\nb", [5]),
        (".*", "a.b.*c", [5]),
    ],
)
def test_by_hand(documents, text, expected):
    assert starts(documents, [text]) == expected


@given(
    blocks=st.lists(st.text(st.sampled_from("ab\n"), min_size=1, max_size=4), max_size=12),
    documents=st.sampled_from(["lines", "records", "aa", "ab\n", "\n\n"]),
)
def test_however_the_text_is_cut(blocks, documents):
    text = "".join(blocks)
    pattern = {"lines": "\n", "records": r"\n\n+(?!\n)"}.get(documents, documents)
    whole = [match.end() for match in re.finditer(pattern, text) if match.end() < len(text)]
    assert starts(documents, blocks) == whole
