"""Data that the studio makes itself: small problems whose best possible result is known, in one click."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnncore.data import synthetic
from rnncore.errors import RequestError
from webapp.problems import Invalid

SEEDS = 2**53 - 1  # exact in JavaScript


@dataclass(frozen=True)
class Choice:
    """A kind of made data. ``task``: that it is meant for; ``count``: how much where nothing is said, ``most``: what a
    person may wait for; ``unit_bytes``: of one, about."""

    name: str
    label: str
    help: str
    task: str
    unit: str = "records"
    count: int = 20_000
    most: int = 100_000
    unit_bytes: int = 60
    ending: str = ".csv"

    @property
    def filename(self) -> str:
        return self.name + self.ending


_ALL = (
    Choice("grammar", "Agreement", "sentences whose verbs agree with far subjects: a text to go on with",
           "language_model", "characters", 500_000, 5_000_000, 1, ".txt"),
    Choice("sum_mod_10", "Sum modulo ten", "two to five digits → the last digit of their sum", "classification",
           count=40_000),
    Choice("sum", "Sum", "two to five digits → their sum", "regression", count=10_000),
    Choice("adding", "Adding problem", "200 numbers, two of them marked → the sum of the two", "regression",
           count=5_000, most=20_000, unit_bytes=2_000),
    Choice("copy", "Copy memory", "ten letters, a hundred steps of silence, and the letters again", "tagging",
           count=10_000, most=50_000, unit_bytes=500),
    Choice("reverse", "Reverse", "letters → the same letters from the end", "seq2seq"),
    Choice("dates", "Dates", "a date in words → its ISO form", "seq2seq"),
    Choice("seasonal", "Seasonal series", "hours with a day, a week and noise → the next hours", "forecasting", "rows",
           5_000),
    Choice("jingles", "Jingles", "waltz, march, jig or lullaby → a tune", "conditional_generation", count=5_000,
           most=50_000, unit_bytes=150),
)  # fmt: skip

KINDS = {choice.name: choice for choice in _ALL}

_LYING_HERE = (
    Choice("python", "Python’s own library", "the source of the Python that runs the studio, as one text",
           "language_model", "bytes at most", 4 << 20, 4 << 20, 4 << 20, ".py.txt"),
)  # fmt: skip

EXAMPLES = {choice.name: choice for choice in _LYING_HERE}
"""Texts that are on the machine already; a job puts them together (:mod:`rnncore.data.examples`)."""

LICENCES = {"python": "Python Software Foundation License; a copy of what is on this machine"}


@dataclass(frozen=True)
class Asked:
    """What shall be made."""

    choice: Choice
    count: int
    seed: int

    @property
    def filename(self) -> str:
        return self.choice.filename

    @property
    def bytes(self) -> int:
        """Of the file, about."""
        return self.count * self.choice.unit_bytes


def checked(kind: str, count: int | None, seed: int) -> Asked:
    """Raises Invalid at ``kind``, ``count`` or ``seed``."""
    if (choice := KINDS.get(kind)) is None:
        raise Invalid.at("kind", f"{kind!r:.60} is not one of {', '.join(KINDS)}.")
    count = choice.count if count is None else count
    if not 1 <= count <= choice.most:
        raise Invalid.at("count", f"Must be between 1 and {choice.most:,}, not {count:,}.")
    if not 0 <= seed <= SEEDS:
        raise Invalid.at("seed", f"Must be between 0 and {SEEDS:,}.")
    return Asked(choice, count, seed)


def write(asked: Asked, path: Path) -> None:
    """Raises Invalid where the engine refuses."""
    try:
        synthetic.write(asked.choice.name, path, asked.count, asked.seed)
    except RequestError as error:
        raise Invalid.at("count", str(error)) from None


def facts(asked: Asked) -> dict[str, Any]:
    """What is kept with the dataset: how it was made, for which task, and the best that can be reached on it."""
    best = synthetic.optimum(asked.choice.name)
    return {
        "name": asked.choice.name, "count": asked.count, "seed": asked.seed, "task": asked.choice.task,
        "optimum": {"loss": best["loss"], "metrics": {best["metric"]: best["value"]}, "words": best["words"]},
    }  # fmt: skip
