"""Figures of texts, counted by hand."""

from __future__ import annotations

from functools import cache

import pytest
import sacrebleu
from hypothesis import given
from hypothesis import strategies as st

from rnncore.text_metrics import Answer, Text, edit_distance, figures, is_one_word


def text(words: str) -> Text:
    return Text(words, words.split())


def answer(output: str, *references: str, one_word: bool = False) -> Answer:
    return Answer(text(output), [text(reference) for reference in references], one_word=one_word)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("", "", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("abcd", "bcd", 1), ("ab", "ba", 2), ("aaa", "aba", 1)],
)
def test_edit_distance(one, other, distance):
    assert edit_distance(one, other) == edit_distance(other, one) == distance


@given(st.lists(st.sampled_from("abc"), max_size=7), st.lists(st.sampled_from("abc"), max_size=7))
def test_edit_distance_equals_the_definition(one, other):
    @cache
    def distance(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        same = distance(i - 1, j - 1) + (one[i - 1] != other[j - 1])
        return min(distance(i - 1, j) + 1, distance(i, j - 1) + 1, same)

    assert edit_distance(one, other) == distance(len(one), len(other))


def test_figures_of_sentences():
    found = figures([answer("the cat sat", "the cat sat"), answer("a dog runs off", "the dog ran")])
    assert found["exact_match"] == 0.5
    assert found["token_accuracy"] == 4 / 7  # three of three, one of four positions
    assert found["edit_distance"] == 3 / 2
    assert found["word_error_rate"] == 3 / 6
    outputs, references = ["the cat sat", "a dog runs off"], [["the cat sat", "the dog ran"]]
    assert found["chrf"] == sacrebleu.corpus_chrf(outputs, references).score / 100
    assert 0 < found["chrf"] < 1


def test_bleu_is_sacrebleus():
    outputs = ["the cat sat on the mat today", "there is a dog in the yard"]
    wanted = ["the cat sat on the mat yesterday", "there was a dog in the yard"]
    found = figures([answer(*pair) for pair in zip(outputs, wanted, strict=True)])
    assert found["bleu"] == pytest.approx(sacrebleu.corpus_bleu(outputs, [wanted]).score / 100)


def test_short_texts_have_a_bleu_too():
    assert figures([answer("a b", "a b")])["bleu"] == pytest.approx(1)


def test_the_word_error_rate_of_one_word_is_the_share_that_is_wrong():
    """A pronunciation has many symbols and is one word; one of several listed ones is enough."""
    found = figures([
        answer("T AH M EY T OW", "T AH M AA T OW", "T AH M EY T OW", one_word=True),
        answer("K AE", "K AE T", one_word=True),
        answer("D AO G", "D AO G", one_word=True),
    ])  # fmt: skip
    assert found["word_error_rate"] == pytest.approx(1 / 3) == pytest.approx(1 - found["exact_match"])
    assert found["edit_distance"] == pytest.approx(1 / 3)
    assert found["token_accuracy"] == 11 / 12
    as_sentences = figures([answer("K AE", "K AE T")])
    assert as_sentences["word_error_rate"] == pytest.approx(1 / 3)


def test_an_answer_is_measured_against_the_nearest_reference():
    found = figures([answer("a b c", "x y z w", "a b d")])
    assert (found["edit_distance"], found["word_error_rate"]) == (1, 1 / 3)


def test_empty_outputs_are_wrong_and_no_error():
    found = figures([answer("", "a b")])
    assert (found["exact_match"], found["word_error_rate"], found["edit_distance"]) == (0, 1, 2)
    assert found["bleu"] == found["token_accuracy"] == 0


@pytest.mark.parametrize(
    ("source", "one"),
    [("hello", True), ("hello world", False), (" hello ", True), ("", True), (["h", "i"], False), (["hi"], True)],
)
def test_what_one_word_is(source, one):
    assert is_one_word(source) is one
