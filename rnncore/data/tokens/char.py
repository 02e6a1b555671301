"""One token a character."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from rnncore.data.characters import code_points, describe, text_of
from rnncore.data.tokens.base import Encoded, Encoder, Tokenizer
from rnncore.errors import DataError


class CharTokenizer(Tokenizer):
    """The distinct characters of the text, ordered by code point. There is no unknown token: see ``build``."""

    kind = "char"

    def __init__(self, characters: str) -> None:
        """``characters``: each one once; its position is its id. Raises ValueError if there are none or doubles."""
        if not characters or len(set(characters)) < len(characters):
            raise ValueError("a character vocabulary holds each character once, and at least one")
        self.vocabulary = characters
        self.vocabulary_size = len(characters)
        self._codes = code_points(characters).astype(np.uint32)  # id → code point
        self._ids = np.full(int(self._codes.max()) + 2, -1, np.int32)  # code point → id; -1 also stands for all beyond
        self._ids[self._codes] = np.arange(len(characters))
        self._skips = False

    def skipping(self) -> CharTokenizer:
        """The same, but what it has no token for is left out of a text, not refused."""
        copy = CharTokenizer(self.vocabulary)
        copy._skips = True
        return copy

    @classmethod
    def build(cls, blocks: Iterable[str], vocabulary_size: int) -> CharTokenizer:
        seen = np.zeros(0x110000, bool)
        for block in blocks:
            seen[code_points(block)] = True
        if not seen.any():
            raise DataError("there is no text to take the characters from")
        return cls(text_of(np.flatnonzero(seen)))

    @classmethod
    def from_dict(cls, body: dict[str, Any]) -> CharTokenizer:
        return cls(body["characters"])

    def to_dict(self) -> dict[str, Any]:
        return {"characters": self.vocabulary}

    def encoder(self) -> Encoder:
        return _CharEncoder(self)

    def ids_of(self, text: str) -> np.ndarray:
        """(len(text),) of ``dtype``. Raises DataError that names the characters without a token."""
        ids = np.take(self._ids, code_points(text), mode="clip")
        if (ids < 0).any():
            strange = text_of(code_points(text)[ids < 0])
            raise DataError(
                f"the model has no token for {describe(strange)}",
                hint=f"It knows {self.vocabulary_size:,} characters: {describe(self.vocabulary, 200)}.",
            )
        return ids.astype(self.dtype)

    def encoded(self, text: str, cuts: np.ndarray) -> Encoded:
        """See :meth:`Encoder.feed`."""
        if not self._skips:
            return Encoded(self.ids_of(text), cuts)
        ids = np.take(self._ids, code_points(text), mode="clip")
        kept = np.concatenate([[0], np.cumsum(ids >= 0)])
        return Encoded(ids[ids >= 0].astype(self.dtype), kept[cuts])

    def decode(self, ids: Iterable[int] | np.ndarray) -> str:
        ids = ids if isinstance(ids, np.ndarray) else np.fromiter(ids, np.int64)
        return text_of(self._codes[ids])

    def token_bytes(self, index: int) -> bytes:
        return self.vocabulary[index].encode()


class _CharEncoder(Encoder):
    def __init__(self, tokenizer: CharTokenizer) -> None:
        self._tokenizer = tokenizer

    def feed(self, text: str, cuts: Sequence[int] | np.ndarray = (), final: bool = False) -> Encoded:
        return self._tokenizer.encoded(text, np.asarray(cuts, np.int64))


TOKENIZER = CharTokenizer
