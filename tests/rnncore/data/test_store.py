"""The encoded store: the tokens of the text, its documents and characters; whole or not there; made once."""

import json
import os
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnncore import catalog
from rnncore.data import sources, tokens
from rnncore.data.store import TokenStore, encode
from rnncore.errors import DataError

KINDS = list(catalog.TOKENS)
TEXT = "Ein Käfer, zwei Käfer.\n\nDer König von 東京 war dort: 😀 seltenes Wort\nund Ende\n" * 40


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_the_store_holds_the_tokens_of_the_text(text, tmp_path, monkeypatch, kind):
    monkeypatch.setattr(sources, "BLOCK", 100)
    tokenizer = tokens.build(kind, [TEXT])
    store = encode(text, tokenizer, tmp_path / "store")
    assert isinstance(store.tokens, np.memmap)
    assert store.tokens.dtype == tokenizer.dtype
    assert store.tokens.tolist() == tokenizer.encode(TEXT).tolist()
    assert store.documents.tolist() == [0]
    assert (len(store), store.vocabulary_size) == (len(store.tokens), tokenizer.vocabulary_size)
    assert (store.meta["encoding"], store.meta["undecodable_bytes"]) == ("utf-8", 0)
    with pytest.raises(ValueError, match="read-only"):
        store.tokens[0] = 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("documents", ["lines", "records", "König", " "])
def test_documents_begin_where_their_text_begins(text, tmp_path, monkeypatch, kind, documents):
    monkeypatch.setattr(sources, "BLOCK", 100)
    tokenizer = tokens.build(kind, [TEXT * 3])
    store = encode(text, tokenizer, tmp_path / "store", documents=documents)
    found = [store.characters(0, int(start)) for start in store.documents]
    separator = {"lines": "\n", "records": "\n\n"}.get(documents, documents)
    assert found == [0, *(match.end() for match in re.finditer(separator, TEXT) if match.end() < len(TEXT))]
    assert store.characters() == len(TEXT)


@pytest.mark.parametrize("kind", KINDS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.floats(0, 1), max_size=4))
def test_characters_of_ranges_add_up(text, tmp_path, kind, cuts):
    # A vocabulary without most of the words: the unknown ones count with their own length.
    tokenizer = tokens.build(kind, [TEXT], 8 if kind == "word" else 0)
    store = encode(text, tokenizer, tmp_path / kind)
    edges = [0, *sorted(round(cut * len(store)) for cut in cuts), len(store)]
    assert sum(store.characters(a, b) for a, b in pairwise(edges)) == len(TEXT)
    assert store.characters() == store.meta["characters"] == len(TEXT)


def test_characters_of_a_word_and_of_an_unknown_one(text, tmp_path):
    tokenizer = tokens.build("word", ["Ein Ein Käfer Käfer"])
    text.write_text("Ein zweiter Käfer", encoding="utf-8")
    store = encode(text, tokenizer, tmp_path / "store")
    assert [store.characters(i, i + 1) for i in range(len(store))] == [3, 1, 7, 6]


def test_characters_of_a_byte(text, tmp_path):
    text.write_text("a€b", encoding="utf-8")
    store = encode(text, tokens.build("byte", []), tmp_path / "store")
    assert [store.characters(i, i + 1) for i in range(5)] == [1, 1, 0, 0, 1]


def test_a_store_is_used_again_only_for_the_same_request(text, tmp_path):
    tokenizer = tokens.build("char", [TEXT])

    def made(*, of=tokenizer, documents="none"):
        calls = []
        encode(text, of, tmp_path / "store", documents=documents, progress=lambda *args: calls.append(args))
        return len(calls) > 0

    assert made()
    assert not made()
    assert made(documents="lines")
    assert made(of=tokens.build("byte", []), documents="lines")
    text.write_text(TEXT + "more\n", encoding="utf-8")
    assert made(of=tokens.build("byte", []), documents="lines")
    assert not made(of=tokens.build("byte", []), documents="lines")


def test_an_interrupted_encoding_leaves_what_was_there(text, tmp_path):
    tokenizer = tokens.build("char", [TEXT])
    encode(text, tokenizer, tmp_path / "store")

    def interrupt(done, total):
        assert 0 < done <= total == text.stat().st_size
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encode(text, tokenizer, tmp_path / "store", documents="lines", progress=interrupt)
    assert TokenStore.open(tmp_path / "store").documents.tolist() == [0]
    assert {path.name for path in tmp_path.iterdir()} == {"store", "text.txt"}


@pytest.mark.parametrize("damage", ["short", "format", "json", "missing"])
def test_a_damaged_store_is_told_and_made_again(text, tmp_path, damage):
    tokenizer = tokens.build("char", [TEXT])
    folder = tmp_path / "store"
    encode(text, tokenizer, folder)
    if damage == "short":
        os.truncate(folder / "tokens", 10)
    elif damage == "missing":
        (folder / "documents").unlink()
    else:
        body = {"format": 99} if damage == "format" else None
        (folder / "store.json").write_text(json.dumps(body) if body else "{")
    with pytest.raises(DataError, match="damaged"):
        TokenStore.open(folder)
    assert encode(text, tokenizer, folder).tokens.tolist() == tokenizer.encode(TEXT).tolist()


def test_a_text_with_characters_the_model_never_saw(text, tmp_path):
    with pytest.raises(DataError, match=r"text\.txt: the model has no token for '東' \(U\+6771\)"):
        encode(text, tokens.build("char", [TEXT.replace("東", "")]), tmp_path / "store")
    assert [path.name for path in tmp_path.iterdir()] == ["text.txt"]


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        TokenStore.open(tmp_path / "store")
