"""Classification, many to one: a text, a list of tokens or a series of numbers gets one of several labels.

Loss is nats per record.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnncore import metrics, networks
from rnncore.data import vocabulary
from rnncore.data.buckets import Buckets
from rnncore.defaults import Facts
from rnncore.errors import DataError
from rnncore.events import Baseline, Example
from rnncore.fitness import MOST_CLASSES
from rnncore.recipe import Recipe
from rnncore.tasks import Forward, Measured, Sources, inputs, known, pooled, records
from rnncore.tasks.inputs import Input
from rnncore.tasks.pooled import PooledModel, build_pooled, gradient_by_lag, pooled_description, scored
from rnncore.tasks.records import Part, Records

SHOWN = 4
"""Records of the validation part that every sample shows."""

CEILING = 10
"""Times the loss of a network that knows nothing."""

CONFUSED = 40
"""Classes of a confusion matrix, the most frequent ones; the others are one row."""


class Task:
    """See :class:`rnncore.tasks.Task`."""

    def __init__(self, recipe: Recipe, files: Sources, folder: Path, tick: Callable[[], None]) -> None:
        self.data = Records(recipe, files, tick)
        self.recipe = self.data.recipe
        self.parts = self.data.parts
        train, self.known = self.parts["train"], known.of(folder)
        self.labels = self.known.description["labels"] if self.known else _labels(train, self.recipe.task.label_column)
        self.input = inputs.fitted(self.recipe.task, train, self.known and self.known.vocabularies().get("text"))
        self.sequences = {name: self.input.sequences(part) for name, part in self.parts.items()}
        self.targets = {name: self._targets(part) for name, part in self.parts.items()}
        self.unknown = pooled.unknown(self.known, self.input, train, self.sequences["train"])
        lengths = records.lengths_of(self.sequences["train"])
        self.facts = Facts(
            tokens=int(lengths.sum()), vocabulary_size=self.input.vocabulary and self.input.vocabulary.size,
            records=sum(map(len, self.parts.values())), longest=int(lengths.max()), outputs=len(self.labels),
            channels=max(1, self.input.channels),
        )  # fmt: skip

    def _targets(self, part: Part) -> np.ndarray:
        """The number of each record's label. Raises DataError where a label is not one of the training part."""
        numbers = {label: number for number, label in enumerate(self.labels)}
        found = np.empty(len(part), np.int64)
        for record, label in enumerate(map(str, part.column(self.recipe.task.label_column))):
            if label not in numbers and self.known:
                raise known.strange(label, self.labels, what="label", name=part.table.name, line=part.line(record))
            if label not in numbers:
                raise DataError(
                    f"{part.table.name}: the label {label!r} of the {part.name} part is not in the training part",
                    line=part.line(record), hint="Give it records to learn from, or leave it out.",
                )  # fmt: skip
            found[record] = numbers[label]
        return found

    def begin(self, recipe: Recipe) -> None:
        self.recipe = recipe

    def network(self) -> nn.Module:
        network = build_pooled(self._description())
        networks.initialize(network.rnn, self.recipe.network.init, memory=self.recipe.training.sequence_length)
        return network

    def texts(self) -> dict[str, str]:
        texts = {"network.json": json.dumps(self._description(), indent=1, ensure_ascii=False)}
        if self.input.vocabulary:
            texts["tokenizer.json"] = vocabulary.save({"text": self.input.vocabulary})
        return texts

    def batches(self) -> Buckets:
        most = self.recipe.training.sequence_length
        self.learned = [records.cut(sequence, most) for sequence in self.sequences["train"]]
        return records.training_batches(records.lengths_of(self.learned), self.recipe)

    def loss(self, forward: Forward, batch: np.ndarray, carry: Any, device: torch.device) -> tuple[Tensor, int, None]:
        x, lengths = records.padded([self.learned[record] for record in batch], device)
        scores, _ = forward(x, lengths)
        targets = records.moved(self.targets["train"][batch], device)
        return F.cross_entropy(scores.float(), targets), len(batch), None

    def splits(self) -> tuple[str, ...]:
        return tuple(name for name in ("valid", "test") if name in self.parts)

    @torch.no_grad()
    def evaluate(self, forward: Forward, split: str, device: torch.device, tick: Callable[[], None]) -> Measured:
        part, sequences, targets = self.parts[split], self.sequences[split], self.targets[split]
        scores = scored(forward, sequences, len(self.labels), device, tick)
        return measured(scores, targets, self.labels, records.lengths_of(sequences), self.input, part)

    def quick_baselines(self) -> list[Baseline]:
        return [majority(self._counts(), self.targets["valid"])] if "valid" in self.parts else []

    def baselines(self) -> None:
        return None

    def samples(self, network: nn.Module, step: int, tick: Callable[[], None]) -> Iterator[Example]:
        part = self.parts.get("valid", self.parts["train"])
        chosen = range(min(SHOWN, len(part)))
        device = next(network.parameters()).device
        x, lengths = records.padded([self.sequences[part.name][record] for record in chosen], device)
        probabilities = network(x, lengths)[0].float().softmax(1)
        tick()
        for record, row in zip(chosen, probabilities.tolist(), strict=True):
            best = int(np.argmax(row))
            yield Example(
                step=step, source=self.input.shown(part, record), output=f"{self.labels[best]} ({row[best]:.0%})",
                reference=self.labels[self.targets[part.name][record]],
            )  # fmt: skip

    def gradient_by_lag(self, network: nn.Module, device: torch.device) -> list[tuple[int, float]]:
        return gradient_by_lag(network, self.sequences["train"], self.recipe.training.sequence_length, device)

    def ceiling(self) -> float:
        return CEILING * float(np.log(len(self.labels)))

    def _counts(self) -> list[int]:
        return np.bincount(self.targets["train"], minlength=len(self.labels)).tolist()

    def _description(self) -> dict[str, Any]:
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
