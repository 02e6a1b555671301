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
    """A kind of made data. ``count``: how much where nothing is said, ``most``: what a person may wait for;
    ``unit_bytes``: of one, about."""

    name: str
    label: str
    help: str
    unit: str = "records"
    count: int = 20_000
    most: int = 200_000
    unit_bytes: int = 60
    ending: str = ".csv"


_ALL = (
    Choice("grammar", "Agreement", "sentences whose verbs agree with far subjects: a text to write on", "characters",
           500_000, 5_000_000, 1, ".txt"),
    Choice("sum_mod_10", "Sum modulo ten", "digits and the last digit of their sum: a label"),
    Choice("sum", "Sum", "digits and their sum: a number", count=10_000),
    Choice("adding", "Adding problem", "200 numbers, two of them marked: their sum", count=5_000, most=20_000,
           unit_bytes=4_000),
    Choice("copy", "Copy memory", "what was read long ago is written again", count=10_000, most=50_000, unit_bytes=400),
    Choice("reverse", "Reverse", "letters are written backwards"),
    Choice("dates", "Dates", "dates in words are written as ISO dates"),
    Choice("seasonal", "Seasonal series", "a series with seasons and noise to forecast", "rows", 5_000),
    Choice("jingles", "Jingles", "tunes for a label: to write one on demand", count=5_000, most=50_000, unit_bytes=200),
)  # fmt: skip

KINDS = {choice.name: choice for choice in _ALL if choice.name in synthetic.NAMES}


@dataclass(frozen=True)
class Asked:
    """What shall be made."""

    choice: Choice
    count: int
    seed: int

    @property
    def filename(self) -> str:
        return self.choice.name + self.choice.ending

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
    """What is kept with the dataset: how it was made, and the best that can be reached on it."""
    name = asked.choice.name
    return {"name": name, "count": asked.count, "seed": asked.seed, "optimum": optimum(name)}


def optimum(name: str) -> dict[str, Any] | None:
    """``{"loss", "metrics", "words"}`` of the best possible model; None where it is not known."""
    loss = synthetic.entropy(name)
    return {"loss": loss, "metrics": {}, "words": f"The best possible loss is {loss:.4f} nats per character."}
