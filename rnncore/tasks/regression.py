"""Regression, many to one: a text, a list of tokens or a series of numbers gets a number.

The network tells the number scaled to mean 0 and deviation 1 over the training part; loss is the mean squared error of
the scaled number, the metrics are in the number's own unit.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from rnncore import metrics
from rnncore.errors import DataError
from rnncore.events import Baseline
from rnncore.recipe import Recipe
from rnncore.tasks import Forward, Measured, Sources, records
from rnncore.tasks.inputs import Input
from rnncore.tasks.pooled import PooledModel, PooledTask, pooled_description, scored
from rnncore.tasks.records import Part

CEILING = 1e4
"""Of a loss that is 1 for a network that knows nothing."""

PAIRS = 500
"""Of truth and answer that a report shows, taken by chance."""

CPU = torch.device("cpu")


class Task(PooledTask):
    """See :class:`rnncore.tasks.Task`."""

    def __init__(self, recipe: Recipe, files: Sources, folder: Path, tick: Callable[[], None]) -> None:
        super().__init__(recipe, files, folder, tick)
        column = self.recipe.task.label_column
        self.targets = {name: numbers(part, column) for name, part in self.parts.items()}
        self.mean, self.deviation = _scale(self.parts["train"], self.targets["train"], column)
        self.facts = self.described(outputs=1)

    def loss(self, forward: Forward, batch: np.ndarray, carry: Any, device: torch.device) -> tuple[Tensor, int, None]:
        scaled = ((self.targets["train"][batch] - self.mean) / self.deviation).astype(np.float32)
        scores = self.scores(forward, batch, device).squeeze(1)
        return F.mse_loss(scores, records.moved(scaled, device)), len(batch), None

    @torch.no_grad()
    def evaluate(self, forward: Forward, split: str, device: torch.device, tick: Callable[[], None]) -> Measured:
        part, sequences = self.parts[split], self.sequences[split]
        answers = scored(forward, sequences, 1, device, tick)[:, 0] * self.deviation + self.mean
        return measured(answers, self.targets[split], self.deviation, records.lengths_of(sequences), self.input, part)

    def quick_baselines(self) -> list[Baseline]:
        return [mean_of(self.mean, self.deviation, self.targets["valid"])] if "valid" in self.parts else []

    def told(self, scores: Tensor) -> list[str]:
        return [f"{answer * self.deviation + self.mean:.4g}" for answer in scores.double().squeeze(1).tolist()]

    def truth(self, split: str, record: int) -> str:
        return f"{self.targets[split][record]:.4g}"

    def ceiling(self) -> float:
        return CEILING

    def description(self) -> dict[str, Any]:
        plain = pooled_description(self.recipe, self.input, 1)
        return plain | {"mean": self.mean, "deviation": self.deviation}


class Model:
    """See :class:`rnncore.tasks.Model`."""

    def __init__(self, folder: Path) -> None:
        self.model = PooledModel(folder)
        self.mean, self.deviation = self.model.description["mean"], self.model.description["deviation"]

    def predict(self, inputs: list[Any], explain: bool = False) -> list[dict[str, Any]]:
        """``{"value"}``; with ``explain`` also ``tokens``: ``[{"token", "weight"}]``, by how much the value falls where
        a token is hidden."""
        outputs = []
        for number, item in enumerate(inputs, 1):
            sequence = self.model.input.sequence(item, number)
            output: dict[str, Any] = {"value": float(self._values([sequence])[0])}
            if explain:
                hidden = self._values(self.model.without_each(sequence))
                pieces = self.model.input.pieces(item, number)
                output["tokens"] = [
                    {"token": piece, "weight": output["value"] - float(other)}
                    for piece, other in zip(pieces, hidden, strict=False)
                ]
            outputs.append(output)
        return outputs

    def inputs(self, data: Path) -> list[Any]:
        return records.inputs_of(data)

    def evaluate(self, data: Path, run: Path | None) -> dict[str, Any]:
        column = self.model.recipe.task.label_column
        part = self.model.part(data, [column])
        targets, sequences = numbers(part, column), self.model.input.sequences(part)
        lengths = records.lengths_of(sequences)
        found = measured(self._values(sequences), targets, self.deviation, lengths, self.model.input, part)
        baseline = mean_of(self.mean, self.deviation, targets)
        return {"loss": found.loss, "metrics": found.metrics, "baseline": {baseline.name: baseline.loss}}

    def _values(self, sequences: list[np.ndarray]) -> np.ndarray:
        return scored(self.model.forward, sequences, 1, CPU, lambda: None)[:, 0] * self.deviation + self.mean


def measured(
    answers: np.ndarray, targets: np.ndarray, deviation: float, lengths: np.ndarray, read: Input, part: Part
) -> Measured:
    """The squared error of the scaled numbers, the errors in their own unit, and the records that are furthest off."""
    errors = answers - targets
    losses = (errors / deviation) ** 2
    chosen = np.random.default_rng(0).permutation(len(targets))[:PAIRS]

    def describe(record: int) -> dict[str, Any]:
        return {
            "source": read.shown(part, record), "output": f"{answers[record]:.5g}",
            "reference": f"{targets[record]:.5g}", "loss": float(losses[record]), "line": part.line(record),
        }  # fmt: skip

    report = {
        "kind": "regression", "pairs": [[float(targets[record]), float(answers[record])] for record in chosen],
        "by_length": records.by_length(lengths, np.abs(errors)), **records.worst_and_random(losses, describe),
    }  # fmt: skip
    return Measured(float(losses.mean()), metrics.errors(targets, answers), report)


def mean_of(mean: float, deviation: float, targets: np.ndarray) -> Baseline:
    """The mean of the training part for everything."""
    answers = np.full(len(targets), mean)
    loss = float((((answers - targets) / deviation) ** 2).mean())
    return Baseline(step=0, name="mean", loss=loss, metrics=metrics.errors(targets, answers))


def numbers(part: Part, column: str) -> np.ndarray:
    """A column of numbers, float64. Raises DataError that names the line of what is none."""
    found = np.empty(len(part))
    for record, value in enumerate(part.column(column)):
        try:
            found[record] = float(value)
        except (TypeError, ValueError):
            found[record] = np.nan
        if not np.isfinite(found[record]):
            message = f"{part.table.name}: {value!r} in {column!r} is not a number"
            raise DataError(message, line=part.line(record))
    return found


def _scale(part: Part, targets: np.ndarray, column: str) -> tuple[float, float]:
    """Mean and deviation of the training part. Raises DataError where all numbers are the same."""
    deviation = float(targets.std())
    if deviation == 0:
        message = (
            f"{part.table.name}: every record has the number {targets[0]:g} in {column!r}; there is nothing to tell"
        )
        raise DataError(message)
    return float(targets.mean()), deviation
