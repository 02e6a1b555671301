"""The tokens of records: short texts, lists of words, labels. Unlike a language model's text, a record has an end.

Ids 0 to 3 mean the same everywhere: padding, unknown, start, end.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rnncore.data.tokens import Tokenizer, build
from rnncore.errors import DataError

FORMAT = 1
PADDING, UNKNOWN, START, END = range(4)
SPECIAL = ("<pad>", "<unk>", "<s>", "</s>")

WORDS = 20_000
"""Of a word vocabulary, where the recipe names no limit."""

WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
"""What a text is cut into, word by word."""

Sequence_ = str | Sequence[str]
"""What is encoded: a text, or a list of tokens."""


class Vocabulary:
    """Texts or lists of tokens to ids and back.

    ``kind`` says what a text is cut into: ``char``, ``word`` (words and punctuation marks, joined by spaces when they
    are read back), ``byte`` or ``bpe``; a list of tokens is taken as it is, with ``list``. Tokens that were not seen
    while it was built become the unknown token; bytes and byte pairs know every text.
    """

    def __init__(self, kind: str, tokens: Sequence[str] = (), pieces: Tokenizer | None = None) -> None:
        self.kind, self.tokens, self._tokenizer = kind, [*SPECIAL, *tokens], pieces
        self._ids = {token: index for index, token in enumerate(self.tokens)}

    @classmethod
    def build(cls, kind: str, values: Iterable[Sequence_], size: int = 0, *, at_least: int = 1) -> Vocabulary:
        """From the values of a training part. ``size``: tokens at most, the special ones left out; 0 = as many as
        there are (words: 20,000). ``at_least``: how often a token must occur to be known."""
        values = list(values)
        if kind in ("byte", "bpe"):
            return cls(kind, pieces=build(kind, ("\n".join(map(str, values)),), size))
        counts: Counter[str] = Counter()
        plain = cls(kind)
        for value in values:
            counts.update(plain.pieces(value))
        limit = size or (WORDS if kind == "word" else len(counts))
        known = sorted((-count, token) for token, count in counts.items() if count >= at_least)
        return cls(kind, [token for _, token in known[:limit] if token not in SPECIAL])

    @property
    def size(self) -> int:
        """How many ids there are, the special ones among them."""
        return len(SPECIAL) + self._tokenizer.vocabulary_size if self._tokenizer else len(self.tokens)

    def pieces(self, value: Sequence_) -> list[str]:
        """The tokens of a value as a person reads them, in order: as many as ``encode`` gives ids."""
        if not isinstance(value, str):
            return [str(item) for item in value]
        if self._tokenizer:
            return [self._tokenizer.token(index) for index in self._tokenizer.encode(value)]
        match self.kind:
            case "char":
                return list(value)
            case "word":
                return WORD.findall(value)
            case _:
                return value.split()

    def encode(self, value: Sequence_) -> np.ndarray:
        """Ids, ``(n,)`` int64."""
        if self._tokenizer:
            text = value if isinstance(value, str) else " ".join(value)
            return self._tokenizer.encode(text).astype(np.int64) + len(SPECIAL)
        pieces = self.pieces(value)
        return np.fromiter((self._ids.get(piece, UNKNOWN) for piece in pieces), np.int64, len(pieces))

    def knows(self, token: str) -> bool:
        """Whether a token has an id of its own."""
        return self._tokenizer is not None or token in self._ids

    def token(self, index: int) -> str:
        """One token as a person reads it."""
        if index < len(SPECIAL) or not self._tokenizer:
            return self.tokens[index]
        return self._tokenizer.token(index - len(SPECIAL))

    def token_bytes(self, index: int) -> bytes:
        """What one token writes, in UTF-8."""
        if index >= len(SPECIAL) and self._tokenizer:
            return self._tokenizer.token_bytes(index - len(SPECIAL))
        return self.tokens[index].encode()

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids up to the first end; padding, start and end write nothing."""
        kept = list(_until_end(ids))
        if self._tokenizer:
            return self._tokenizer.decode([index - len(SPECIAL) for index in kept if index >= len(SPECIAL)])
        glue = "" if self.kind == "char" else " "
        return glue.join(self.tokens[index] for index in kept)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        body: dict[str, Any] = {"format": FORMAT, "kind": self.kind, "tokens": self.tokens[len(SPECIAL) :]}
        return body | ({"pieces": json.loads(self._tokenizer.to_json())} if self._tokenizer else {})

    @classmethod
    def from_dict(cls, body: dict[str, Any]) -> Vocabulary:
        """The inverse. Raises DataError where it is not a vocabulary."""
        try:
            if body["format"] != FORMAT:
                raise ValueError(f"format {body['format']!r} is not known here")
            pieces = Tokenizer.from_json(json.dumps(body["pieces"])) if "pieces" in body else None
            return cls(body["kind"], body["tokens"], pieces)
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"not a vocabulary: {error}", hint="Copy tokenizer.json anew from the model.") from error


def save(vocabularies: dict[str, Vocabulary]) -> str:
    """``tokenizer.json`` of a task that has several vocabularies, by name."""
    return json.dumps({name: vocabulary.to_dict() for name, vocabulary in vocabularies.items()}, ensure_ascii=False)


def load(path: str | Path) -> dict[str, Vocabulary]:
    """The inverse of :func:`save`. Raises DataError, OSError."""
    try:
        body = json.loads(Path(path).read_bytes())
        return {name: Vocabulary.from_dict(item) for name, item in body.items()}
    except (ValueError, AttributeError) as error:
        raise DataError(f"{path} holds no vocabularies: {error}") from None


def _until_end(ids: Iterable[int]) -> Iterator[int]:
    for index in ids:
        if index == END:
            return
        if index not in (PADDING, START):
            yield int(index)
