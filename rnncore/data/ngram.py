"""What a method that costs nothing reaches: uniform, unigram and an interpolated n-gram. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rnncore.data.streams import Part


@dataclass(frozen=True)
class Result:
    """Loss in nats per token over the part that was measured, e.g. ``Result("5-gram", 1.62, {"order": 5, …})``.

    details: order (n-gram), training_tokens (how many of the last tokens of training were counted), tokens (measured).
    """

    name: str
    loss: float
    details: dict[str, float]


def baselines(train: Part, valid: Part, vocabulary_size: int) -> Iterator[Result]:
    """uniform, unigram and n-gram, each as soon as it is known. The order is chosen on a held-out part of ``train``."""
    raise NotImplementedError
