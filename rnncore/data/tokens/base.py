"""What every tokenizer can do. It knows text and numbers, not files, batches or networks."""

from __future__ import annotations

import importlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from rnncore import catalog
from rnncore.data.characters import describe
from rnncore.data.sources import normalize_line_ends
from rnncore.errors import DataError, PromptError, RecipeError
from rnncore.recipe import MAX_PROMPT

FORMAT = 1

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Encoded:
    """Tokens of a piece of text.

    ids: (n,) of the tokenizer's dtype. starts: for each cut, the index in ids of the token that begins there (n if
    that is still to come). lengths: (n,) characters of text behind each token, or None where ``Tokenizer.characters``
    says it, which it cannot for an unknown token.
    """

    ids: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray | None = None


class Encoder(ABC):
    """Encodes one text that arrives in blocks: the tokens are those of the whole text, however it is cut."""

    @abstractmethod
    def feed(self, text: str, cuts: Sequence[int] | np.ndarray = (), final: bool = False) -> Encoded:
        """The tokens that are certain by now; with ``final`` all that are left.

        ``cuts`` are ascending positions in ``text`` (0 … its length) over which no token may reach. Raises DataError
        where a character has no token.
        """


class Tokenizer(ABC):
    """Text to token ids and back: ``decode(encode(text)) == text``, except where a word became the unknown token."""

    kind: ClassVar[str]
    vocabulary_size: int
    unknown_id: int | None = None
    end_id: int | None = None
    """The token that ends a text; a language model's text has none."""

    glue = b""
    """What stands between two tokens as they are written."""

    @property
    def banned(self) -> tuple[int, ...]:
        """Tokens that are never written."""
        return () if self.unknown_id is None else (self.unknown_id,)

    @classmethod
    @abstractmethod
    def build(cls, blocks: Iterable[str], vocabulary_size: int) -> Tokenizer:
        """See :func:`rnncore.data.tokens.build`; ``vocabulary_size`` 0 = the kind's own."""

    @classmethod
    @abstractmethod
    def from_dict(cls, body: dict[str, Any]) -> Tokenizer:
        """The inverse of ``to_dict``. May raise KeyError, TypeError or ValueError where ``body`` is something else."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """JSON-able: ``{"format": 1, "kind": …, …}``."""

    @abstractmethod
    def encoder(self) -> Encoder:
        """A fresh incremental encoder."""

    @abstractmethod
    def token_bytes(self, index: int) -> bytes:
        """The UTF-8 bytes that the token writes; feed them to an incremental UTF-8 decoder to stream text."""

    @property
    def dtype(self) -> np.dtype:
        """The smallest unsigned integer that holds every id."""
        return np.min_scalar_type(self.vocabulary_size - 1)

    def encode(self, text: str) -> np.ndarray:
        """Token ids, (n,) of ``dtype``. Raises DataError where a character has no token (char kind only)."""
        return self.encoder().feed(text, final=True).ids

    def encode_blocks(self, blocks: Iterable[str]) -> Iterator[np.ndarray]:
        """The same ids as ``encode`` of the joined blocks, in pieces."""
        encoder = self.encoder()
        for block in blocks:
            yield encoder.feed(block).ids
        yield encoder.feed("", final=True).ids

    def encode_prompt(self, text: str) -> np.ndarray:
        """``encode`` for what a person typed; line ends are normalized first. An empty prompt gives (0,).

        Raises PromptError that names the characters the model has no token for, or when it is longer than
        ``recipe.MAX_PROMPT`` characters.
        """
        try:
            return self.encode(checked_prompt(text))
        except DataError as error:
            raise PromptError(f"prompt: {error}", hint=error.hint) from None

    def opening(self, prompt: str) -> np.ndarray:
        """The tokens to read before the first is written. Without a prompt that is a line end, as at the start of a
        line, or nothing where there is no such token. Raises PromptError."""
        if prompt:
            return self.encode_prompt(prompt)
        try:
            line_end = self.encode_prompt("\n")
        except PromptError:
            line_end = self.encode_prompt("")
        return line_end if self.unknown_id not in line_end else line_end[:0]

    def decode(self, ids: Iterable[int] | np.ndarray) -> str:
        """The text of the ids; bytes that are not whole characters become U+FFFD, the unknown token ``<unk>``."""
        return b"".join(self.token_bytes(int(index)) for index in ids).decode("utf-8", "replace")

    def token(self, index: int) -> str:
        """The token for people: its text, or ``<E2 82>`` where its bytes are not whole characters."""
        data = self.token_bytes(index)
        try:
            return data.decode()
        except UnicodeDecodeError:
            return f"<{data.hex(' ').upper()}>"

    def characters(self) -> np.ndarray:
        """(vocabulary_size,) how many characters each token writes; a split character counts at its first byte."""
        return np.array(
            [sum(byte & 0xC0 != 0x80 for byte in self.token_bytes(index)) for index in range(self.vocabulary_size)]
        )

    def to_json(self) -> str:
        """The content of ``tokenizer.json``."""
        return json.dumps({"format": FORMAT, "kind": self.kind, **self.to_dict()}, ensure_ascii=False)

    @staticmethod
    def from_json(text: str | bytes) -> Tokenizer:
        """The inverse of ``to_json``. Raises DataError where it is not a tokenizer."""
        try:
            body = json.loads(text)
            if body["format"] != FORMAT:
                raise ValueError(f"format {body['format']!r} is not known here")
            return kind_of(body["kind"]).from_dict(body)
        except (ValueError, KeyError, TypeError, AttributeError, RecipeError) as error:
            raise DataError(f"not a tokenizer: {error}", hint="Copy tokenizer.json anew from the model.") from error

    def save(self, path: str | Path) -> None:
        """Write ``tokenizer.json``."""
        Path(path).write_text(self.to_json(), encoding="utf-8")

    @staticmethod
    def load(path: str | Path) -> Tokenizer:
        """Read ``tokenizer.json``. Raises DataError, OSError."""
        return Tokenizer.from_json(Path(path).read_bytes())


def checked_prompt(text: str) -> str:
    """What a person typed, with line ends normalized. Raises PromptError where it is too long or cannot be text."""
    if len(text) > MAX_PROMPT:
        raise PromptError(
            f"the prompt has {len(text):,} characters; at most {MAX_PROMPT:,} are read",
            hint="Keep its end: what comes last matters most to what is written next.",
        )
    if halves := _HALF_CHARACTER.findall(text):
        raise PromptError(f"the prompt holds half of a character: {describe(halves)}", hint="Type it anew.")
    return normalize_line_ends(text)


def kind_of(kind: str) -> type[Tokenizer]:
    """The class behind ``task.tokens = kind``: ``TOKENIZER`` in the module of that name. Raises RecipeError."""
    if kind not in catalog.TOKENS:
        raise RecipeError.at("task.tokens", f"{kind!r} is not one of {', '.join(catalog.TOKENS)}")
    return importlib.import_module(f"rnncore.data.tokens.{kind}").TOKENIZER
