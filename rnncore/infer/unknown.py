"""What a model does not know of what it is asked about, so that no answer passes over it in silence. Torch-free.

What it says of a text or a list of tokens is empty where all is known, else::

    {"unknown": ["zyx", …]            the different tokens that are read as the unknown one, in order
     "unknown_at": [[4, 7], …]        where they stand: characters of a text, items of a list
     "tokens_read": 7}                how many tokens there are, spaces left out

A network that reads single characters of one long text has no unknown token: what it does not know it refuses.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncore.data import vocabulary
from rnncore.data.tokens.base import Tokenizer, checked_prompt
from rnncore.data.vocabulary import Vocabulary

if TYPE_CHECKING:
    from rnncore.tasks import Model

READ = {"text": "text_column", "source": "source_column", "words": "text_column"}
"""Vocabularies of what is read, by their names in ``tokenizer.json``, and which column of the recipe they read."""

Said = dict[str, Any]


class Telling:
    """A model that predicts, and says with each answer what it did not know of its input."""

    def __init__(self, model: Model, reader: Reader) -> None:
        self.inputs = model.inputs

        @functools.wraps(model.predict)  # the options are looked up in its signature
        def predict(inputs: list[Any], **options: Any) -> list[dict[str, Any]]:
            outputs = model.predict(inputs, **options)
            return [output | reader.unknown(item, output) for item, output in zip(inputs, outputs, strict=True)]

        self.predict: Callable[..., list[dict[str, Any]]] = predict


def telling(model: Model, folder: Path) -> Model | Telling:
    """The model of a folder as one that says what it does not know; one that reads numbers, or every byte, as it is."""
    reader = Reader.of(folder)
    return Telling(model, reader) if reader else model


@dataclass(frozen=True)
class Reader:
    """What the model of a folder reads of an input. ``tagging``: a list of words that differ in more than capitals."""

    column: str
    vocabulary: Vocabulary
    tagging: bool

    @classmethod
    def of(cls, folder: Path) -> Reader | None:
        """None where nothing can be unknown. Of a folder from which a model was opened."""
        if not (folder / "tokenizer.json").is_file():
            return None
        task = json.loads((folder / "recipe.json").read_bytes())["task"]
        known = vocabulary.load(folder / "tokenizer.json")
        name = next(name for name in READ if name in known)
        if known[name].kind in ("byte", "bpe"):
            return None
        return cls(task[READ[name]], known[name], task["kind"] == "tagging")

    def unknown(self, item: Any, output: dict[str, Any]) -> Said:
        """Of an input that was answered with ``output``."""
        value = item[self.column] if isinstance(item, dict) else item
        pieces = output["tokens"] if self.tagging else self.vocabulary.pieces(value)
        asked = (piece.lower() for piece in pieces) if self.tagging else pieces
        return _said(value, pieces, [place for place, piece in enumerate(asked) if not self.vocabulary.knows(piece)])


def of_prompt(tokenizer: Tokenizer, prompt: str) -> Said:
    """Of a prompt that a network goes on from. Raises PromptError where it is too long."""
    if tokenizer.unknown_id is None:
        return {}
    text = checked_prompt(prompt)
    read = tokenizer.encoder().feed(text, final=True)
    ends = np.cumsum(read.lengths).tolist()
    spans = [(text[start:end], int(token)) for start, end, token in zip([0, *ends], ends, read.ids, strict=False)]
    words = [(piece.strip(), token) for piece, token in spans if piece.strip()]
    places = [place for place, (_, token) in enumerate(words) if token == tokenizer.unknown_id]
    return _said(text, [piece for piece, _ in words], places)


def _said(value: str | Sequence[str], pieces: Sequence[str], places: Sequence[int]) -> Said:
    """``pieces``: the tokens of ``value``; ``places``: of the unknown ones among them."""
    if not places:
        return {}
    spans = _spans(value, pieces) if isinstance(value, str) else [[place, place + 1] for place in range(len(pieces))]
    return {
        "unknown": list(dict.fromkeys(pieces[place] for place in places)),
        "unknown_at": [spans[place] for place in places], "tokens_read": len(pieces),
    }  # fmt: skip


def _spans(text: str, pieces: Iterable[str]) -> list[list[int]]:
    """Where pieces of a text stand in it, one behind the other."""
    found, end = [], 0
    for piece in pieces:
        start = text.index(piece, end)
        end = start + len(piece)
        found.append([start, end])
    return found
