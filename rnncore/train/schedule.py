"""The learning rate: it warms up, then stays, falls along a cosine, or halves where validation stops improving."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rnncore.recipe import Training

FLOOR = 0.05
"""Of the peak: where the cosine ends, and the plateau schedule goes no lower."""

PLATEAU_PATIENCE = 2
"""Evaluations without improvement after which the rate is halved."""


@dataclass
class Schedule:
    """``factor`` and ``waited`` are what the plateau schedule remembers; they belong into a checkpoint."""

    training: Training
    factor: float = 1.0
    waited: int = 0

    def rate(self, step: int, done: float) -> float:
        """The learning rate of step number ``step`` (from 1). ``done``: share of the training before it, 0 to 1.

        Warm-up is linear and reaches the peak at step ``warmup_steps + 1``.
        """
        peak = self.training.learning_rate * self.factor
        if step <= self.training.warmup_steps:
            return peak * step / (self.training.warmup_steps + 1)
        if self.training.schedule == "cosine":
            return peak * (FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))
        return peak

    def evaluated(self, improved: bool) -> None:
        """Take note of a validation."""
        if self.training.schedule != "plateau":
            return
        self.waited = 0 if improved else self.waited + 1
        if self.waited >= PLATEAU_PATIENCE:
            self.factor = max(FLOOR, self.factor / 2)
            self.waited = 0
