"""Data whose best possible loss is known in closed form."""

from __future__ import annotations

from pathlib import Path

NAMES = ("grammar",)


def write(name: str, out: str | Path, count: int | None = None, seed: int = 1) -> None:
    """Write the data set ``name`` to ``out``; ``count`` in characters for ``grammar`` (default a million).

    The same name, count and seed give the same bytes. Raises RequestError for an unknown name or a bad count.
    """
    raise NotImplementedError


def entropy(name: str) -> float:
    """The entropy of the data set in nats per character: what a perfect model's loss tends to."""
    raise NotImplementedError
