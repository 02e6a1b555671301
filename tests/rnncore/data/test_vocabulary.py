"""Tokens of records: ids that mean the same everywhere, and back to text."""

from __future__ import annotations

import json

import pytest

from rnncore.data import vocabulary
from rnncore.data.vocabulary import END, PADDING, SPECIAL, START, UNKNOWN, Vocabulary
from rnncore.errors import DataError

TEXTS = ["the cat sat", "the dog didn't", "a cat!"]


@pytest.mark.parametrize("kind", ["char", "word", "byte", "bpe"])
def test_a_text_comes_back(kind):
    known = Vocabulary.build(kind, TEXTS, 300 if kind == "bpe" else 0)
    for text in TEXTS:
        ids = known.encode(text)
        assert ids.min() >= len(SPECIAL) and ids.max() < known.size
        assert known.decode([START, *ids, END, UNKNOWN]) == (text.replace("!", " !") if kind == "word" else text)
        assert len(known.pieces(text)) == len(ids)


def test_words_are_words_and_marks():
    known = Vocabulary.build("word", TEXTS)
    assert known.pieces("the dog didn't, alas!") == ["the", "dog", "didn't", ",", "alas", "!"]
    assert known.encode("the alas").tolist() == [known.encode("the")[0], UNKNOWN]
    assert known.decode(known.encode("alas")) == "<unk>"


def test_a_list_is_taken_as_it_is():
    known = Vocabulary.build("word", [["New York", "is"], ["is"]])
    assert known.pieces(["New York", "is"]) == ["New York", "is"]
    assert known.encode(["is", "New York", "New"]).tolist() == [4, 5, UNKNOWN]


def test_the_rare_and_what_is_beyond_the_limit_are_unknown():
    assert Vocabulary.build("word", TEXTS, at_least=2).tokens[4:] == ["cat", "the"]
    assert Vocabulary.build("word", TEXTS, 1).tokens[4:] == ["cat"]


def test_a_text_that_spells_a_special_token_is_no_special_token():
    known = Vocabulary.build("word", [["<pad>", "</s>", "x"]])
    assert known.size == 5
    assert PADDING not in Vocabulary.build("char", ["<pad>"]).encode("<pad>")


@pytest.mark.parametrize("kind", ["char", "word", "byte", "bpe"])
def test_it_is_the_same_after_a_file(tmp_path, kind):
    known = Vocabulary.build(kind, TEXTS, 300 if kind == "bpe" else 0)
    path = tmp_path / "tokenizer.json"
    path.write_text(vocabulary.save({"text": known}))
    again = vocabulary.load(path)["text"]
    assert again.size == known.size
    for text in TEXTS:
        assert (again.encode(text) == known.encode(text)).all()


@pytest.mark.parametrize("body", ["[]", "{", json.dumps({"text": {"format": 9}}), json.dumps({"text": 3})])
def test_what_is_no_vocabulary_is_refused(tmp_path, body):
    path = tmp_path / "tokenizer.json"
    path.write_text(body)
    with pytest.raises(DataError):
        vocabulary.load(path)
