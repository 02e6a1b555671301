"""What a run takes over from the weights that it starts from: vocabularies, labels, tags.

A copy lies in the run's folder ``data/start``, from the run's start on: whatever becomes of the folder that was given,
the run can be gone on with, and begun again where it was cut off before its first checkpoint.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnncore.data import vocabulary
from rnncore.data.tokens import Tokenizer
from rnncore.data.vocabulary import UNKNOWN, Vocabulary
from rnncore.errors import DataError
from rnncore.train import durable
from rnncore.weights import NETWORK, TOKENIZER, WEIGHTS, Weights

START = "start"

MOST_UNKNOWN = {"char": 0.05, "word": 0.4}
"""Share of the training part that the weights need not know, by kind of token; word for all that have a token of their
own for what is unknown."""

NAMED = 30
"""Labels that an error lists."""


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


def strange(label: str, labels: Sequence[str], *, what: str, name: str, line: int) -> DataError:
    """What is wrong with a label (or tag) on a ``line`` of the file ``name`` that is not one of the weights'."""
    listed = ", ".join(labels[:NAMED]) + (", …" if len(labels) > NAMED else "")
    return DataError(
        f"{name}: the weights that the run starts from know no {what} {label!r}; they know {listed}", line=line,
        hint="Leave it out, or start without them.",
    )  # fmt: skip


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


def checked(name: str, unknown: int, tokens: int, kind: str) -> float:
    """The share. Raises DataError where it is above :data:`MOST_UNKNOWN`. ``name``: of the file."""
    share, most = unknown / max(1, tokens), MOST_UNKNOWN[kind]
    if share > most:
        what = "characters" if kind == "char" else "tokens"
        raise DataError(
            f"{name}: the weights that the run starts from do not know {share:.1%} of its {what} ({unknown:,} of "
            f"{tokens:,}); at most {most:.0%} are taken",
            hint="Is it the right data? Else start without them.",
        )
    return share
