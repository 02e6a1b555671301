"""Tokenizers: char, byte, word and bpe. Text to numbers and back, exactly; saved as JSON."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np


class Encoder(ABC):
    """Encodes one text that arrives in blocks: the tokens are those of the whole text, however it is cut."""

    @abstractmethod
    def feed(self, text: str, cuts: Sequence[int] | np.ndarray = (), final: bool = False) -> Encoded:
        """The tokens that are certain by now. ``cuts`` are ascending positions in ``text`` over which no token reaches."""


class Encoded:
    """Tokens of a piece of text: ``ids`` (n,), ``starts``: index into ids for each cut, ``lengths`` (n,) or None."""

    ids: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray | None


class Tokenizer(ABC):
    """Text to token ids and back.

    ``decode(encode(text)) == text``, except where a word became the unknown token.
    """

    kind: ClassVar[str]
    vocabulary_size: int
    unknown_id: int | None = None

    @property
    def dtype(self) -> np.dtype:
        """The smallest unsigned integer that holds every id."""
        raise NotImplementedError

    def encode(self, text: str) -> np.ndarray:
        """Token ids, (n,) of ``dtype``. Raises DataError where a character has no token (char kind only)."""
        raise NotImplementedError

    def encode_blocks(self, blocks: Iterable[str]) -> Iterator[np.ndarray]:
        """The same ids as ``encode`` of the joined blocks, in pieces."""
        raise NotImplementedError

    def encode_prompt(self, text: str) -> np.ndarray:
        """``encode`` for what a person typed; line ends are normalized first. An empty prompt gives (0,).

        Raises PromptError that names the characters the model has no token for, or when it is longer than
        ``recipe.MAX_PROMPT`` characters.
        """
        raise NotImplementedError

    @abstractmethod
    def encoder(self) -> Encoder:
        """A fresh incremental encoder."""

    def decode(self, ids: Iterable[int] | np.ndarray) -> str:
        """The text of the ids; bytes that are not whole characters become U+FFFD, the unknown token ``<unk>``."""
        raise NotImplementedError

    @abstractmethod
    def token_bytes(self, index: int) -> bytes:
        """The UTF-8 bytes that the token writes; feed them to an incremental UTF-8 decoder to stream text."""

    def token(self, index: int) -> str:
        """The token for people: its text, or ``<E2 82>`` where its bytes are not whole characters."""
        raise NotImplementedError

    def characters(self) -> np.ndarray:
        """(vocabulary_size,) how many characters each token writes; a split character counts at its first byte."""
        raise NotImplementedError

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """JSON-able: ``{"format": 1, "kind": …, …}``."""

    def to_json(self) -> str:
        """The content of ``tokenizer.json``."""
        raise NotImplementedError

    @staticmethod
    def from_json(text: str | bytes) -> Tokenizer:
        """The inverse of ``to_json``. Raises DataError where it is not a tokenizer."""
        raise NotImplementedError

    def save(self, path: str | Path) -> None:
        """Write ``tokenizer.json``."""
        raise NotImplementedError

    @staticmethod
    def load(path: str | Path) -> Tokenizer:
        """Read ``tokenizer.json``. Raises DataError, OSError."""
        raise NotImplementedError


def build(kind: str, blocks: Iterable[str], vocabulary_size: int = 0) -> Tokenizer:
    """A tokenizer of ``kind`` (char, byte, word, bpe) for the text that ``blocks`` make up, read once.

    The text is the whole text, validation and test parts (and files: chain them) included: a character model is a
    distribution over a fixed alphabet, and a character outside it would have no probability at all. ``vocabulary_size``:
    word and bpe at most so many, 0 = 10,000 words, 4,096 byte pairs; rare ones are left out anyway. Deterministic.
    Raises RecipeError (``task.vocabulary_size``), DataError.
    """
    raise NotImplementedError
