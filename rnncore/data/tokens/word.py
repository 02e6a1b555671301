"""One token a word or punctuation mark, with the space before it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from rnncore.data.tokens.pieces import LONGEST, PieceTokenizer, pieces_of
from rnncore.errors import DataError, RecipeError

DEFAULT_SIZE = 10_000
UNKNOWN = "<unk>"
SPACE = " "

COUNTED = 2_000_000
"""Distinct pieces that are counted at a time; where there are more, those seen once by then are forgotten."""

_IDEOGRAPH = "\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han and Kana: written without spaces, each on its own


class WordTokenizer(PieceTokenizer):
    """Words (`` the``), punctuation marks, whitespace and ideographs that occur at least twice, the frequent first.

    A piece that is not in the vocabulary becomes ``<unk>``; if a space leads it, the space is kept as a token. Only the
    unknown token loses text: everything else joined is the text. A piece that occurs once is unknown also while
    training: thus the network learns when to expect one.
    """

    kind = "word"
    unknown_id = 0
    pattern = re.compile(rf" ?[^\W{_IDEOGRAPH}]{{1,{LONGEST - 1}}}| ?[^\w\s]|\s|[{_IDEOGRAPH}]")

    def __init__(self, words: list[str]) -> None:
        """``words`` in the order of their ids: ``<unk>``, a space, then the others. Raises ValueError if not."""
        super().__init__()
        if words[:2] != [UNKNOWN, SPACE] or len(set(words)) < len(words):
            raise ValueError("a word vocabulary begins with <unk> and a space, and holds each word once")
        self.vocabulary = words
        self.vocabulary_size = len(words)
        self._ids = {word: index for index, word in enumerate(words)}

    @classmethod
    def build(cls, blocks: Iterable[str], vocabulary_size: int) -> WordTokenizer:
        size = vocabulary_size or DEFAULT_SIZE
        if size < 3:
            raise RecipeError.at("task.vocabulary_size", f"words want at least 3 tokens, not {size}")
        counts: Counter[str] = Counter()
        for pieces in pieces_of(cls.pattern, blocks):
            counts.update(pieces)
            if len(counts) > COUNTED:
                counts = Counter({piece: count for piece, count in counts.items() if count > 1})
        if not counts:
            raise DataError("there is no text to take the words from")
        del counts[SPACE]
        frequent = sorted((-count, piece) for piece, count in counts.items() if count > 1)
        return cls([UNKNOWN, SPACE, *(piece for _, piece in frequent[: size - 2])])

    @classmethod
    def from_dict(cls, body: dict[str, Any]) -> WordTokenizer:
        return cls(body["words"])

    def to_dict(self) -> dict[str, Any]:
        return {"words": self.vocabulary}

    def tokens_of(self, piece: str) -> tuple[int, ...]:
        if piece in self._ids:
            return (self._ids[piece],)
        if piece.startswith(SPACE):
            return (self._ids[SPACE], self._ids.get(piece[1:], self.unknown_id))
        return (self.unknown_id,)

    def lengths(self, pieces: list[str], counts: np.ndarray) -> np.ndarray:
        lengths = np.repeat(np.fromiter(map(len, pieces), np.uint8, len(pieces)), counts)
        second = np.cumsum(counts)[counts == 2] - 1  # after a space that stands alone
        lengths[second] -= 1
        lengths[second - 1] = 1
        return lengths

    def token_bytes(self, index: int) -> bytes:
        return self.vocabulary[index].encode()


TOKENIZER = WordTokenizer
