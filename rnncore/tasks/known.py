"""What a run takes over from the weights that it starts from: vocabularies, labels, tags.

A copy lies in the run's folder ``data/start``, from the run's start on: whatever becomes of the folder that was given,
the run can be gone on with, and begun again where it was cut off before its first checkpoint.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnncore.data import vocabulary
from rnncore.data.tokens import Tokenizer
from rnncore.data.vocabulary import UNKNOWN, Vocabulary
from rnncore.familiar import checked
from rnncore.train import durable
from rnncore.weights import NETWORK, TOKENIZER, WEIGHTS, Weights

START = "start"


def keep(weights: Weights, folder: Path) -> None:
    """Copies what a run needs of ``weights`` into its ``folder``, durably."""
    start = folder / START
    start.mkdir(parents=True)
    for path in weights.files:
        shutil.copyfile(path, start / path.name)
        durable.sync(start / path.name)
    for changed in (start, folder):
        durable.sync(changed)


def weights_in(folder: Path) -> Path | None:
    """The weights that the run of a ``folder`` started from; None where it began with drawn ones."""
    path = folder / START / WEIGHTS
    return path if path.is_file() else None


@dataclass(frozen=True)
class Known:
    """``description``: the ``network.json`` that comes with the weights; ``path``: of their ``tokenizer.json``."""

    description: dict[str, Any]
    path: Path

    def vocabularies(self) -> dict[str, Vocabulary]:
        """By name; of a task on records. Raises DataError."""
        return vocabulary.load(self.path) if self.path.is_file() else {}

    def tokenizer(self) -> Tokenizer:
        """Of a language model. Raises DataError, OSError."""
        return Tokenizer.load(self.path)


def of(folder: Path) -> Known | None:
    """What the run of a ``folder`` took over; None where it began with drawn weights."""
    start = folder / START
    if not (start / WEIGHTS).is_file():
        return None
    return Known(json.loads((start / NETWORK).read_bytes()), start / TOKENIZER)


def share_unknown(name: str, sequences: Iterable[np.ndarray]) -> float:
    """Of the tokens of a training part, as ids of records. Raises DataError where there are too many."""
    unknown = tokens = 0
    for sequence in sequences:
        unknown += int(np.count_nonzero(sequence == UNKNOWN))
        tokens += len(sequence)
    return checked(name, unknown, tokens, "word")
