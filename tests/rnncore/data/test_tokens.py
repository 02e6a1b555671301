"""Tokenizers: exact round trips, the same tokens however a text is cut, clear answers to bad prompts."""

import json
import subprocess
import sys
from itertools import chain, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncore import catalog
from rnncore.data import tokens
from rnncore.data.tokens import Tokenizer, pieces
from rnncore.data.tokens.word import WordTokenizer
from rnncore.errors import DataError, PromptError, RecipeError
from rnncore.recipe import MAX_PROMPT

KINDS = list(catalog.TOKENS)
TEXT = (
    "It's the naïve café of the  King: «Wohin?» — 東京へ行く。 don't_stop 12,345 \t tabs\n\n  indented 😀😀\x00\ufffd\n"
    "It was the best of times, it was the worst of times, it was the age of wisdom\n"
) * 30
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


@pytest.fixture(scope="module")
def built():
    return {kind: tokens.build(kind, [TEXT]) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_round_trip(built, kind):
    tokenizer = built[kind]
    ids = tokenizer.encode(TEXT)
    assert ids.dtype == tokenizer.dtype
    assert ids.max() < tokenizer.vocabulary_size
    assert tokenizer.decode(ids) == TEXT
    assert tokenizer.decode(ids.tolist()) == TEXT
    assert b"".join(tokenizer.token_bytes(index) for index in ids).decode() == TEXT
    assert len(tokenizer.encode("")) == 0


@pytest.mark.parametrize("kind", ["byte", "bpe"])
@given(text=ANY_TEXT)
def test_round_trip_of_any_text(built, kind, text):
    assert built[kind].decode(built[kind].encode(text)) == text


@given(text=ANY_TEXT | st.text(st.sampled_from("the King\n東,"), max_size=60))
def test_words_lose_nothing_but_unknown_words(built, text):
    tokenizer = built["word"]
    encoded = tokenizer.encoder().feed(text, final=True)
    place = 0
    for index, length in zip(encoded.ids, encoded.lengths, strict=True):
        if index != tokenizer.unknown_id:
            assert tokenizer.token(index) == text[place : place + length]
        place += int(length)
    assert place == len(text)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_the_same_tokens_however_the_text_is_cut(built, kind, data):
    text = data.draw(st.text(st.sampled_from("the King's  \n😀東1_.,"), max_size=200))
    places = data.draw(st.lists(st.integers(0, len(text)), max_size=6).map(sorted))
    blocks = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    tokenizer = tokens.build(kind, [TEXT + "".join(sorted(set(text)))])
    cut = np.concatenate(list(tokenizer.encode_blocks(blocks)))
    assert cut.tolist() == tokenizer.encode(text).tolist()


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_no_token_reaches_over_a_cut(built, kind, data):
    tokenizer = built[kind]
    text = data.draw(st.text(st.sampled_from("the King's  \n😀東,"), min_size=1, max_size=100))
    cuts = data.draw(st.lists(st.integers(0, len(text) - 1), max_size=5, unique=True).map(sorted))
    block = data.draw(st.integers(1, 40))
    encoder, ids, starts = tokenizer.encoder(), [], []
    for begin in range(0, len(text), block):
        inside = [cut - begin for cut in cuts if begin <= cut < begin + block]
        encoded = encoder.feed(text[begin : begin + block], inside)
        starts += (encoded.starts + len(ids)).tolist()
        ids += encoded.ids.tolist()
    ids += encoder.feed("", final=True).ids.tolist()
    alone = [tokenizer.encode(text[a:b]).tolist() for a, b in pairwise([0, *cuts])]
    assert [ids[:start] for start in starts] == [list(chain(*alone[: upto + 1])) for upto in range(len(cuts))]


@pytest.mark.parametrize("kind", KINDS)
def test_json_there_and_back(built, kind, tmp_path):
    built[kind].save(tmp_path / "tokenizer.json")
    again = Tokenizer.load(tmp_path / "tokenizer.json")
    assert json.loads(built[kind].to_json())["kind"] == kind
    assert again.to_json() == built[kind].to_json()
    assert again.encode(TEXT).tolist() == built[kind].encode(TEXT).tolist()


@pytest.mark.parametrize(
    "body",
    [
        "nothing", "[]", "{}", '{"format": 2, "kind": "char", "characters": "ab"}', '{"format": 1, "kind": "os"}',
        '{"format": 1, "kind": "char"}', '{"format": 1, "kind": "char", "characters": "aa"}',
        '{"format": 1, "kind": "char", "characters": 5}', '{"format": 1, "kind": "word", "words": ["a"]}',
        '{"format": 1, "kind": "bpe", "tokens": ["a"], "merges": []}', '{"format": 1, "kind": []}',
    ],
)  # fmt: skip
def test_what_is_no_tokenizer_is_refused(body):
    with pytest.raises(DataError, match="not a tokenizer"):
        Tokenizer.from_json(body)


def test_merges_that_do_not_fit_are_refused(built):
    body = json.loads(built["bpe"].to_json())
    body["merges"].append(["no such", "tokens"])
    with pytest.raises(DataError, match="merges"):
        Tokenizer.from_json(json.dumps(body))


def test_the_same_tokenizer_in_another_process(built):
    program = (
        "import sys; from rnncore.data import tokens\n"
        "text = sys.stdin.buffer.read().decode()\n"
        "for kind in sys.argv[1:]: sys.stdout.buffer.write(tokens.build(kind, [text]).to_json().encode() + b'\\n')\n"
    )
    run = subprocess.run([sys.executable, "-c", program, *KINDS], input=TEXT.encode(), capture_output=True, check=True)
    assert run.stdout.decode().split("\n")[:-1] == [built[kind].to_json() for kind in KINDS]


def test_the_smallest_dtype():
    chars = "".join(map(chr, range(0x4E00, 0x4E00 + 257)))
    assert tokens.build("char", [chars[:256]]).dtype == np.uint8
    assert tokens.build("char", [chars]).dtype == np.uint16


def test_characters_are_ordered_and_known_from_every_block():
    tokenizer = tokens.build("char", ["cb", "", "a\n"])
    assert tokenizer.vocabulary == "\nabc"
    assert tokenizer.encode("abc\n").tolist() == [1, 2, 3, 0]


def test_words():
    tokenizer = tokens.build("word", ["the cat, the dog; the cat. the end? the"])
    assert tokenizer.vocabulary == ["<unk>", " ", " the", " cat"]
    known = [tokenizer.token(index) for index in tokenizer.encode("the cat the bird the cat!")]
    assert known == ["<unk>", " cat", " the", " ", "<unk>", " the", " cat", "<unk>"]
    assert tokenizer.unknown_id == 0


def test_words_are_limited_and_the_frequent_stay():
    tokenizer = tokens.build("word", ["a a a a b b b c c d d"], 4)
    assert tokenizer.vocabulary == ["<unk>", " ", " a", " b"]


def test_counting_words_forgets_rare_ones_rather_than_growing(monkeypatch):
    monkeypatch.setattr("rnncore.data.tokens.word.COUNTED", 5)
    blocks = ["the cat the cat the cat ", "q1 q2 q3 q4 ", "the cat ", "q5 q6 q7 "]
    assert {" the", " cat"} <= set(tokens.build("word", blocks).vocabulary)


def test_byte_pairs_are_learned_within_the_limit():
    small, large = tokens.build("bpe", [TEXT], 260), tokens.build("bpe", [TEXT], 400)
    assert small.vocabulary_size == 260
    assert len(large.encode(TEXT)) < len(small.encode(TEXT)) < len(TEXT.encode())
    assert " the" in [large.token(index) for index in range(large.vocabulary_size)]


def test_a_small_text_gets_few_byte_pairs():
    assert tokens.build("bpe", ["the cat sat on the mat"]).vocabulary_size == 256


def test_a_line_without_spaces_is_cut_into_bounded_pieces(built):
    line = "a" * 10_000 + "!" * 500 + " " * 500
    for kind in ("word", "bpe"):
        found = type(built[kind]).pattern.findall(line)
        assert "".join(found) == line
        assert max(map(len, found)) <= pieces.LONGEST


@pytest.mark.parametrize(("kind", "size"), [("word", 2), ("bpe", 255)])
def test_a_vocabulary_that_is_too_small(kind, size):
    with pytest.raises(RecipeError, match=r"task\.vocabulary_size: .* at least"):
        tokens.build(kind, [TEXT], size)


@pytest.mark.parametrize("kind", ["char", "word", "bpe"])
def test_no_text(kind):
    with pytest.raises(DataError, match="no text"):
        tokens.build(kind, [])


def test_an_unknown_kind():
    with pytest.raises(RecipeError, match=r"task\.tokens: 'os' is not one of char"):
        tokens.build("os", [TEXT])


def test_a_prompt_with_unknown_characters_names_them():
    tokenizer = tokens.build("char", ["abc\n"])
    assert tokenizer.encode_prompt("a\r\nb\rc").tolist() == [1, 0, 2, 0, 3]
    with pytest.raises(PromptError) as caught:
        tokenizer.encode_prompt("a😀bé\x07😀")
    assert str(caught.value) == "prompt: the model has no token for '😀' (U+1F600), 'é' (U+00E9), U+0007"
    assert "'a' (U+0061), 'b' (U+0062)" in caught.value.hint
    with pytest.raises(PromptError, match="and 40 more"):
        tokenizer.encode_prompt("".join(map(chr, range(0x4E00, 0x4E00 + 50))))


@pytest.mark.parametrize("kind", KINDS)
def test_a_prompt_is_limited_and_whole(built, kind):
    assert len(built[kind].encode_prompt("")) == 0
    with pytest.raises(PromptError, match="1,000,000 characters; at most 10,000"):
        built[kind].encode_prompt("a" * 1_000_000)
    assert built[kind].decode(built[kind].encode_prompt("a" * MAX_PROMPT)).count("a") in (MAX_PROMPT, 0)
    with pytest.raises(PromptError, match=r"half of a character: U\+D83D"):
        built[kind].encode_prompt("a\ud83d")


@pytest.mark.parametrize("kind", ["char", "byte", "bpe"])
def test_characters_of_tokens_add_up(built, kind):
    widths = built[kind].characters()
    assert widths[built[kind].encode(TEXT)].sum() == len(TEXT)


def test_tokens_for_people(built):
    assert built["byte"].token(0xE2) == "<E2>"
    assert built["byte"].token(65) == "A"
    assert built["byte"].decode([0xE2, 0x82, 0xAC, 0xE2]) == "€\ufffd"


def test_the_pattern_of_words_takes_ideographs_one_by_one():
    assert WordTokenizer.pattern.findall(" don't 東京。ok") == [" don", "'", "t", " ", "東", "京", "。", "ok"]
