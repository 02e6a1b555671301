"""Classification, many to one: a text, a list of tokens or a series of numbers gets one of several labels.

Loss is nats per record.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from rnncore import familiar, metrics
from rnncore.errors import DataError
from rnncore.events import Baseline
from rnncore.fitness import MOST_CLASSES
from rnncore.recipe import Recipe
from rnncore.tasks import Forward, Measured, Sources, records
from rnncore.tasks.inputs import Input
from rnncore.tasks.pooled import PooledModel, PooledTask, pooled_description, scored
from rnncore.tasks.records import Part

CEILING = 10
"""Times the loss of a network that knows nothing."""

CONFUSED = 40
"""Classes of a confusion matrix, the most frequent ones; the others are one row."""


class Task(PooledTask):
    """See :class:`rnncore.tasks.Task`."""

    def __init__(self, recipe: Recipe, files: Sources, folder: Path, tick: Callable[[], None]) -> None:
        super().__init__(recipe, files, folder, tick)
        column = self.recipe.task.label_column
        self.labels = self.known.description["labels"] if self.known else _labels(self.parts["train"], column)
        self.targets = {name: self._targets(part) for name, part in self.parts.items()}
        self.facts = self.described(outputs=len(self.labels))

    def _targets(self, part: Part) -> np.ndarray:
        """The number of each record's label. Raises DataError where a label is not one of the training part."""
        numbers = {label: number for number, label in enumerate(self.labels)}
        found = np.empty(len(part), np.int64)
        for record, label in enumerate(map(str, part.column(self.recipe.task.label_column))):
            if label not in numbers and self.known:
                raise familiar.strange(label, self.labels, what="label", name=part.table.name, line=part.line(record))
            if label not in numbers:
                raise DataError(
                    f"{part.table.name}: the label {label!r} of the {part.name} part is not in the training part",
                    line=part.line(record), hint="Give it records to learn from, or leave it out.",
                )  # fmt: skip
            found[record] = numbers[label]
        return found

    def loss(self, forward: Forward, batch: np.ndarray, carry: Any, device: torch.device) -> tuple[Tensor, int, None]:
        targets = records.moved(self.targets["train"][batch], device)
        return F.cross_entropy(self.scores(forward, batch, device), targets), len(batch), None

    @torch.no_grad()
    def evaluate(self, forward: Forward, split: str, device: torch.device, tick: Callable[[], None]) -> Measured:
        part, sequences, targets = self.parts[split], self.sequences[split], self.targets[split]
        scores = scored(forward, sequences, len(self.labels), device, tick)
        return measured(scores, targets, self.labels, records.lengths_of(sequences), self.input, part)

    def quick_baselines(self) -> list[Baseline]:
        return [majority(self._counts(), self.targets["valid"])] if "valid" in self.parts else []

    def told(self, scores: Tensor) -> list[str]:
        rows = scores.float().softmax(1).tolist()
        return [f"{self.labels[best]} ({row[best]:.0%})" for row in rows for best in [int(np.argmax(row))]]

    def truth(self, split: str, record: int) -> str:
        return self.labels[self.targets[split][record]]

    def ceiling(self) -> float:
        return CEILING * float(np.log(len(self.labels)))

    def _counts(self) -> list[int]:
        return np.bincount(self.targets["train"], minlength=len(self.labels)).tolist()

    def description(self) -> dict[str, Any]:
        plain = pooled_description(self.recipe, self.input, len(self.labels))
        return plain | {"labels": self.labels, "counts": self._counts()}


class Model:
    """See :class:`rnncore.tasks.Model`."""

    def __init__(self, folder: Path) -> None:
        self.model = PooledModel(folder)
        self.labels: list[str] = self.model.description["labels"]

    def predict(self, inputs: list[Any], explain: bool = False) -> list[dict[str, Any]]:
        """``{"label", "probabilities": {label: p}}``; with ``explain`` also ``tokens``: ``[{"token", "weight"}]``, by
        how much the probability of the label falls where a token is hidden."""
        outputs = []
        for number, item in enumerate(inputs, 1):
            sequence = self.model.input.sequence(item, number)
            row = self._probabilities([sequence])[0]
            best = int(row.argmax())
            output = {"label": self.labels[best], "probabilities": dict(zip(self.labels, row.tolist(), strict=True))}
            if explain:
                hidden = self._probabilities(self.model.without_each(sequence))[:, best]
                pieces = self.model.input.pieces(item, number)
                output["tokens"] = [
                    {"token": piece, "weight": float(row[best] - other)}
                    for piece, other in zip(pieces, hidden, strict=False)
                ]
            outputs.append(output)
        return outputs

    def inputs(self, data: Path) -> list[Any]:
        return records.inputs_of(data)

    def evaluate(self, data: Path, run: Path | None) -> dict[str, Any]:
        column = self.model.recipe.task.label_column
        part = self.model.part(data, [column])
        unknown = sorted({str(label) for label in part.column(column)} - set(self.labels))
        if unknown:
            raise DataError(f"{data.name}: the model knows no label {unknown[0]!r}; it knows {', '.join(self.labels)}")
        targets = np.array([self.labels.index(str(label)) for label in part.column(column)])
        sequences = self.model.input.sequences(part)
        scores = scored(self.model.forward, sequences, len(self.labels), torch.device("cpu"), lambda: None)
        found = measured(scores, targets, self.labels, records.lengths_of(sequences), self.model.input, part)
        baseline = majority(self.model.description["counts"], targets)
        return {"loss": found.loss, "metrics": found.metrics, "baseline": {baseline.name: baseline.loss}}

    @torch.no_grad()
    def _probabilities(self, sequences: list[np.ndarray]) -> np.ndarray:
        scores = scored(self.model.forward, sequences, len(self.labels), torch.device("cpu"), lambda: None)
        return torch.from_numpy(scores).softmax(1).numpy()


def measured(
    scores: np.ndarray, targets: np.ndarray, labels: list[str], lengths: np.ndarray, read: Input, part: Part
) -> Measured:
    """Mean loss in nats per record, accuracy and macro F1, and who was taken for whom."""
    losses = F.cross_entropy(torch.from_numpy(scores), torch.from_numpy(targets), reduction="none").numpy()
    guesses = scores.argmax(1)
    table = metrics.per_class(targets, guesses, labels)

    def describe(record: int) -> dict[str, Any]:
        return {
            "source": read.shown(part, record), "output": labels[guesses[record]], "reference": labels[targets[record]],
            "loss": float(losses[record]), "line": part.line(record),
        }  # fmt: skip

    report = {
        "kind": "classification", "classes": table, "confusion": metrics.confusion(targets, guesses, labels, CONFUSED),
        "by_length": records.by_length(lengths, (guesses == targets).astype(float)),
        **records.worst_and_random(losses, describe),
    }  # fmt: skip
    figures = {"accuracy": float((guesses == targets).mean()), "macro_f1": metrics.macro_f1(targets, guesses)}
    return Measured(float(losses.mean()), figures, report)


def majority(counts: list[int], targets: np.ndarray) -> Baseline:
    """The most frequent label of the training part for everything. ``counts``: of its labels; the loss is that of their
    frequencies, each counted once more."""
    shares = np.array(counts) + 1.0
    guesses = np.full(len(targets), shares.argmax())
    figures = {"accuracy": float((guesses == targets).mean()), "macro_f1": metrics.macro_f1(targets, guesses)}
    loss = float(-np.log(shares / shares.sum())[targets].mean())
    return Baseline(step=0, name="majority class", loss=loss, metrics=figures)


def _labels(part: Part, column: str) -> list[str]:
    """The labels of the training part, in order. Raises DataError where there is nothing to tell apart."""
    labels = sorted({str(label) for label in part.column(column)})
    if len(labels) < 2:
        raise DataError(
            f"{part.table.name}: every record has the label {labels[0]!r} in {column!r}; there is nothing to tell apart"
        )
    if len(labels) > MOST_CLASSES:
        raise DataError(
            f"{part.table.name}: {column!r} has {len(labels):,} different labels; at most {MOST_CLASSES:,} are taken",
            hint="Is it the right column? To learn a number, choose regression; to write a text, seq2seq.",
        )
    return labels
