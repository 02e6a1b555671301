"""What word and bpe share: the text is first cut into pieces, and each piece becomes its tokens on its own."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import numpy as np

from rnncore.data.tokens.base import Encoded, Encoder, Tokenizer

CACHE = 200_000
"""Pieces whose tokens are remembered: most of a text is made of few distinct pieces."""

LONGEST = 64
"""Characters of a piece at most, so that a line without a space needs no memory. Patterns must keep to it."""


class PieceTokenizer(Tokenizer):
    """Tokens within pieces. ``pattern`` matches at every position of a text, so that the pieces joined are the text.

    A match must depend on nothing but the characters in it and the one after it: then a text that arrives in blocks
    has the same pieces as the whole, if the last piece of a block waits for the next block.
    """

    pattern: re.Pattern[str]

    def __init__(self) -> None:
        self._cache: dict[str, tuple[int, ...]] = {}

    @abstractmethod
    def tokens_of(self, piece: str) -> tuple[int, ...]:
        """The ids of one piece, at least one."""

    def cached(self, piece: str) -> tuple[int, ...]:
        """``tokens_of``, remembered."""
        ids = self._cache.get(piece)
        if ids is None:
            ids = self.tokens_of(piece)
            if len(self._cache) < CACHE:
                self._cache[piece] = ids
        return ids

    def lengths(self, pieces: list[str], counts: np.ndarray) -> np.ndarray | None:
        """Characters of text behind each token of ``pieces``, if ``characters`` cannot say; counts: tokens a piece."""
        return None

    def encoder(self) -> Encoder:
        return _PieceEncoder(self)


class _PieceEncoder(Encoder):
    def __init__(self, tokenizer: PieceTokenizer) -> None:
        self._tokenizer = tokenizer
        self._held = ""  # the last piece so far: what comes next may belong to it

    def feed(self, text: str, cuts: Sequence[int] | np.ndarray = (), final: bool = False) -> Encoded:
        ends = [len(self._held) + int(cut) for cut in cuts]
        text, self._held = self._held + text, ""
        pieces: list[str] = []
        marks: list[int] = []  # for each cut: how many pieces lie before it
        start = 0
        for end in ends:
            pieces += self._tokenizer.pattern.findall(text, start, end)
            marks.append(len(pieces))
            start = end
        rest = self._tokenizer.pattern.findall(text, start)
        if rest and not final:
            self._held = rest.pop()
        return self._encoded(pieces + rest, marks)

    def _encoded(self, pieces: list[str], marks: list[int]) -> Encoded:
        tokenizer = self._tokenizer
        ids = list(map(tokenizer.cached, pieces))
        counts = np.fromiter(map(len, ids), np.int64, len(ids))
        before = np.concatenate([[0], np.cumsum(counts)])
        return Encoded(
            np.fromiter(chain.from_iterable(ids), tokenizer.dtype, int(before[-1])),
            before[np.array(marks, np.int64)],
            tokenizer.lengths(pieces, counts),
        )


def pieces_of(pattern: re.Pattern[str], blocks: Iterable[str]) -> Iterator[list[str]]:
    """The pieces of the text that ``blocks`` make up, a list a block."""
    held = ""
    for block in blocks:
        pieces = pattern.findall(held + block)
        held = pieces.pop() if pieces else ""
        yield pieces
    if held:
        yield [held]
