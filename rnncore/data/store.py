"""The encoded store: a text as one memory-mapped array of tokens, with its documents and character counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from rnncore.data.tokens import Tokenizer


class TokenStore:
    """An encoded text on disk, memory-mapped and read-only."""

    folder: Path
    tokens: np.ndarray  # (n,) memory-mapped, smallest unsigned dtype
    documents: np.ndarray  # (d,) int64, ascending: the token at which each document begins; documents[0] == 0
    vocabulary_size: int
    meta: dict[str, Any]  # {"format", "key", "tokens", "characters", "documents", "dtype", "encoding", "undecodable_bytes"}

    @classmethod
    def open(cls, folder: str | Path) -> TokenStore:
        """Map what ``encode`` wrote. Raises DataError where it is incomplete, FileNotFoundError where nothing is."""
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def characters(self, start: int = 0, stop: int | None = None) -> int:
        """How many characters of text the tokens ``start:stop`` stand for: exact, also for bytes, words and bpe."""
        raise NotImplementedError


def encode(
    path: str | Path, tokenizer: Tokenizer, folder: str | Path, *,
    documents: str = "none", progress: Callable[[int, int], None] | None = None,
) -> TokenStore:  # fmt: skip
    """Encode the text at ``path`` into ``folder``, whole or not at all; what already lies there for the same bytes,
    tokenizer and ``documents`` is used again.

    ``documents``: none | lines | records (parted by empty lines) | any separator text. A separator is kept: it ends its
    document, and the next one begins after it. ``progress(done_bytes, total_bytes)`` is called once a block.
    Raises DataError.
    """
    raise NotImplementedError
