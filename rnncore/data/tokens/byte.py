"""One token a UTF-8 byte."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from rnncore.data.tokens.base import Encoded, Encoder, Tokenizer


class ByteTokenizer(Tokenizer):
    """All 256 bytes, whatever the text: no text is unknown to it."""

    kind = "byte"
    vocabulary_size = 256

    @classmethod
    def build(cls, blocks: Iterable[str], vocabulary_size: int) -> ByteTokenizer:
        return cls()

    @classmethod
    def from_dict(cls, body: dict[str, Any]) -> ByteTokenizer:
        return cls()

    def to_dict(self) -> dict[str, Any]:
        return {}

    def encoder(self) -> Encoder:
        return _ByteEncoder()

    def token_bytes(self, index: int) -> bytes:
        return bytes([index])


class _ByteEncoder(Encoder):
    def feed(self, text: str, cuts: Sequence[int] | np.ndarray = (), final: bool = False) -> Encoded:
        ids = np.frombuffer(text.encode(), np.uint8)
        first_bytes = np.append(np.flatnonzero((ids & 0xC0) != 0x80), len(ids)) if len(cuts) else np.zeros(0, np.int64)
        return Encoded(ids, first_bytes[np.asarray(cuts, np.int64)])


TOKENIZER = ByteTokenizer
