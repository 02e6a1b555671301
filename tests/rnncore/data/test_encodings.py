"""Telling encodings apart, and text from what is not."""

import pytest

from rnncore.data.encodings import LEGACY, detect

TEXTS = {
    "cp1252": "Les élèves étaient allés à la forêt, où le garçon mangeait une pêche. « C’est déjà l’été », dit-il.\n",
    "cp1250": "Zażółć gęślą jaźń. Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.\n",
    "cp1251": "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом.\n",
    "koi8_r": "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом.\n",
    "cp1253": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.\n",
    "shift_jis": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。\n",
    "gb18030": "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。\n",
}


@pytest.mark.parametrize("codec", TEXTS)
@pytest.mark.parametrize("lines", [1, 200])
def test_older_encodings_are_guessed(codec, lines):
    text = TEXTS[codec] * lines
    found = detect(iter([text.encode(codec)]), "x")
    assert found.guessed
    assert found.name in LEGACY
    assert text.encode(codec).decode(found.name) == text


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [*TEXTS.values(), "hi"])
def test_utf16_without_a_mark(codec, text):
    assert detect(iter([text.encode(codec)]), "x").name == codec


@pytest.mark.parametrize("data", [b"caf\xe9", b"plain\n" * 1000 + "na\xefve\n".encode("cp1252")])
def test_a_single_accent_is_western(data):
    assert detect(iter([data]), "x").name == "cp1252"


@pytest.mark.parametrize(
    "data", [b"hello \xff world", b"plain text\n" * 50 + b"\xe2\x82 \xfe\xff", "Grüße".encode() * 9 + b"x\xe9y"]
)
def test_stray_bytes_do_not_make_another_encoding(data):
    assert detect(iter([data]), "x").name == "utf-8"


def test_accents_are_found_far_behind_the_start():
    blocks = [b"plain ascii text\n" * 60_000, "Straße und Käse, größer und schöner\n".encode("cp1252") * 3]
    assert detect(iter(blocks), "x").name == "cp1252"


def test_a_character_cut_by_a_block_is_still_utf8():
    data = "naïve café – ".encode() * 20_000
    for cut in range(len(data) // 2, len(data) // 2 + 16):
        assert detect(iter([data[:cut], data[cut:]]), "x").name == "utf-8"
    found = detect(iter([data[:70_001], data[70_001:]]), "x")
    assert not found.guessed


@pytest.mark.parametrize("text", ["PARIS, 1805\n", "BZh is a magic word\n", "RIFF and OggS\n", "ID3 tags\n", "PAR1\n"])
def test_words_that_begin_like_a_binary_are_text(text):
    assert detect(iter([text.encode()]), "x").name == "utf-8"
