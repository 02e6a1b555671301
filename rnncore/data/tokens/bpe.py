"""Byte pairs: frequent pieces of words, learned from the text (Sennrich et al. 2016, on bytes as in GPT-2)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from rnncore.data.tokens.pieces import LONGEST, PieceTokenizer, pieces_of
from rnncore.errors import DataError, RecipeError

DEFAULT_SIZE = 4096

MIN_COUNT = 8
"""A pair that occurs less often is not merged: a small text gets a small vocabulary whose tokens can be learned."""

LEARNED_FROM = 16 << 20
"""Characters at the start of the text from which the pairs are learned; all 256 bytes are always in the vocabulary."""


def _byte_names() -> str:
    """The printable character that stands for each byte in vocabulary and merges, as GPT-2 has it."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    return "".join(chr(byte if byte in plain else next(others)) for byte in range(256))


_NAMES = _byte_names()
_TRANSLATION = dict(enumerate(_NAMES))
_BYTES = {name: byte for byte, name in enumerate(_NAMES)}


class BpeTokenizer(PieceTokenizer):
    """Byte pairs within words, runs of punctuation and runs of whitespace; any text at all can be encoded."""

    kind = "bpe"
    pattern = re.compile(r" ?\w{1,N}| ?[^\w\s]{1,N}|\n{1,N}|[^\S\n]{1,N}".replace("N", str(LONGEST - 1)))

    def __init__(self, tokens: list[str], merges: list[tuple[str, str]]) -> None:
        """``tokens`` in the order of their ids and ``merges`` in the order in which they were learned, both in byte
        names. Raises ValueError where they do not fit together."""
        super().__init__()
        if not set(_NAMES) <= set(tokens) or len(set(tokens)) < len(tokens) or not set("".join(tokens)) <= set(_NAMES):
            raise ValueError("a byte-pair vocabulary holds all 256 bytes, and each token once")
        self.tokens = tokens
        self.merges = merges
        self.vocabulary_size = len(tokens)
        self._bytes = [bytes(_BYTES[name] for name in token) for token in tokens]
        self._model = _model({token: index for index, token in enumerate(tokens)}, merges)

    @classmethod
    def build(cls, blocks: Iterable[str], vocabulary_size: int) -> BpeTokenizer:
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers

        size = vocabulary_size or DEFAULT_SIZE
        if size < 256:
            raise RecipeError.at("task.vocabulary_size", f"byte pairs want at least 256 tokens, one a byte, not {size}")
        learner = Tokenizer(models.BPE())
        # The pieces arrive with a NUL after each, as one string a block: a call a piece would take ten times as long.
        learner.pre_tokenizer = pre_tokenizers.Split("\0", "removed")
        trainer = trainers.BpeTrainer(
            vocab_size=size, min_frequency=MIN_COUNT, initial_alphabet=list(_NAMES), show_progress=False
        )
        learner.train_from_iterator(_named(pieces_of(cls.pattern, _start_of(blocks))), trainer)
        model = json.loads(learner.to_str())["model"]
        tokens = sorted(model["vocab"], key=model["vocab"].get)
        return cls(tokens, [tuple(merge) for merge in model["merges"]])

    @classmethod
    def from_dict(cls, body: dict[str, Any]) -> BpeTokenizer:
        return cls(body["tokens"], [(left, right) for left, right in body["merges"]])

    def to_dict(self) -> dict[str, Any]:
        return {"tokens": self.tokens, "merges": self.merges}

    def tokens_of(self, piece: str) -> tuple[int, ...]:
        return tuple(token.id for token in self._model.tokenize(_name(piece)))

    def token_bytes(self, index: int) -> bytes:
        return self._bytes[index]


def _name(piece: str) -> str:
    """The UTF-8 bytes of ``piece``, each as its printable character."""
    return piece.encode().decode("latin-1").translate(_TRANSLATION)


def _model(vocabulary: dict[str, int], merges: list[tuple[str, str]]) -> Any:
    from tokenizers import models

    try:
        return models.BPE(vocabulary, merges)
    except Exception as error:  # the library raises bare Exception
        raise ValueError(f"the merges do not fit the vocabulary: {error}") from None


def _start_of(blocks: Iterable[str]) -> Iterator[str]:
    left = LEARNED_FROM
    for block in blocks:
        yield block[:left]
        left -= len(block)
        if left <= 0:
            return
    if left == LEARNED_FROM:
        raise DataError("there is no text to learn the byte pairs from")


def _named(blocks: Iterable[list[str]]) -> Iterator[str]:
    for pieces in blocks:
        yield "\0".join(map(_name, pieces))


TOKENIZER = BpeTokenizer
