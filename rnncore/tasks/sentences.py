"""Sentences as tagging reads them: words, their spellings, and tags, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rnncore.data import buckets
from rnncore.data.vocabulary import Vocabulary
from rnncore.errors import DataError
from rnncore.tasks import records
from rnncore.tasks.records import Part

NO_TAG = -1
"""A tag that the training part does not have: it counts as an error and not in the loss."""

Batch = tuple[Tensor, Tensor, Tensor, Tensor]
"""words, forms, spelled, lengths: see :meth:`rnncore.networks.tagging.TaggingNetwork.forward`."""


@dataclass(frozen=True)
class Sentences:
    """``tokens`` of each, and as numbers: ``words`` of the vocabulary, ``forms`` of the spellings."""

    tokens: list[list[str]]
    words: list[np.ndarray]
    forms: list[np.ndarray]

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def lengths(self) -> np.ndarray:
        return records.lengths_of(self.tokens)


class Speller:
    """Words to numbers: of the vocabulary, and of their spellings, each of which is kept once."""

    def __init__(self, words: Vocabulary, letters: Vocabulary) -> None:
        self.words, self.letters = words, letters
        self._numbers: dict[str, int] = {}
        self._spelled: list[np.ndarray] = []

    def read(self, sentences: list[list[str]]) -> Sentences:
        return Sentences(
            sentences, [self.words.encode([token.lower() for token in tokens]) for tokens in sentences],
            [np.fromiter(map(self._number, tokens), np.int64, len(tokens)) for tokens in sentences],
        )  # fmt: skip

    def batch(self, sentences: Sentences, index: Sequence[int], device: torch.device, most: int | None = None) -> Batch:
        """What the network reads of some sentences, of each its first ``most`` words."""
        words, lengths = buckets.pad([sentences.words[record][:most] for record in index])
        forms, _ = buckets.pad([sentences.forms[record][:most] for record in index])
        known, place = np.unique(forms, return_inverse=True)
        spelled, _ = buckets.pad([self._spelled[form] for form in known])
        return tuple(
            records.moved(array, device)
            for array in (words, place.reshape(forms.shape), np.ascontiguousarray(spelled.T), lengths)
        )

    def _number(self, token: str) -> int:
        if token not in self._numbers:
            self._numbers[token] = len(self._spelled)
            self._spelled.append(self.letters.encode(token or " "))
        return self._numbers[token]


def tokens_of(part: Part, column: str) -> list[list[str]]:
    """The words of each sentence: a list as it is, a text at its spaces."""
    return [value.split() if isinstance(value, str) else list(map(str, value)) for value in part.column(column)]


def tags_of(part: Part, tokens: list[list[str]], column: str) -> list[list[str]]:
    """The tags of each sentence. Raises DataError that names the line where they are not as many as its words."""
    found = tokens_of(part, column)
    for record, (words, tags) in enumerate(zip(tokens, found, strict=True)):
        if len(words) != len(tags):
            message = f"{part.table.name}: {len(words)} words and {len(tags)} tags in {column!r}"
            raise DataError(message, line=part.line(record), hint="Give each word one tag.")
    return found


def numbered(tags: list[list[str]], known: list[str]) -> list[np.ndarray]:
    """Tags as numbers, those that are not known :data:`NO_TAG`."""
    numbers = {tag: number for number, tag in enumerate(known)}
    return [np.fromiter((numbers.get(tag, NO_TAG) for tag in one), np.int64, len(one)) for one in tags]
