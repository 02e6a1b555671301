"""Conditional generation, one to many: a label, numbers, or nothing become a sequence.

Loss is nats per token, the end token counted. While it trains, a tenth of the records have their condition taken away:
so the same network also knows how probable a sequence is without one, and ``loss_without_condition`` beside the loss
says what the condition is worth.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file as load_arrays
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import load_file
from torch import Tensor, nn

from rnncore import baselines, networks
from rnncore.baselines import text_metrics
from rnncore.data import vocabulary
from rnncore.data.buckets import Buckets
from rnncore.data.conditions import Conditions
from rnncore.data.vocabulary import END, UNKNOWN
from rnncore.defaults import Facts
from rnncore.errors import CheckpointError, DataError, RecipeError
from rnncore.events import Baseline, Written
from rnncore.infer.conditioned import Conditioned
from rnncore.infer.writing import Request, write
from rnncore.networks.conditional import ConditionalNetwork
from rnncore.networks.init import tied_embedding
from rnncore.recipe import Recipe
from rnncore.tasks import Measured, Sources, inputs, known, records
from rnncore.tasks.inputs import TextInput
from rnncore.tasks.records import Part, Records
from rnncore.tasks.written import ended, mean_loss, record_losses, shifted
from rnncore.train import diagnostics
from rnncore.train.precision import Forward

DROPPED = 0.1
"""Share of the records that are learned without their condition; of several conditions, each is also left out alone in
such a share."""

SHOWN = 3
"""Conditions, the most frequent ones, that every sample writes for."""

CEILING = 10
"""Times the loss of a network that knows nothing."""

PROBED = 32
"""Records on which the gradient's reach is looked at: always the same."""

LISTED = 50
"""Labels in a report."""

_FIELDS = ("cell", "embedding_size", "hidden_size", "num_layers", "dropout", "nonlinearity", "bias", "tied")
_DAMAGE = (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError, RecipeError, DataError)

Encoded = tuple[np.ndarray, np.ndarray]
"""Labels and numbers of records: see :class:`rnncore.data.conditions.Conditions`."""


class Task:
    """See :class:`rnncore.tasks.Task`."""

    def __init__(self, recipe: Recipe, files: Sources, folder: Path, tick: Callable[[], None]) -> None:
        self.data = Records(recipe, files, tick)
        self.recipe, self.folder = self.data.recipe, folder
        self.parts = self.data.parts
        train, taken = self.parts["train"], known.of(folder)
        self.conditions = Conditions.fitted({name: train.column(name) for name in self._columns()})
        if taken:
            self.conditions = self.conditions.with_labels_of(Conditions.from_list(taken.description["conditions"]))
        self.text = inputs.fitted(self.recipe.task, train, taken and taken.vocabularies()["text"])
        self.targets = {name: ended(self.text.sequences(part)) for name, part in self.parts.items()}
        self.given = {name: encoded(self.conditions, part) for name, part in self.parts.items()}
        self.unknown = known.share_unknown(train.table.name, self.targets["train"]) if taken else None
        lengths = records.lengths_of(self.targets["train"])
        self.facts = Facts(
            tokens=int(lengths.sum()), vocabulary_size=self.text.vocabulary.size,
            records=sum(map(len, self.parts.values())), longest=int(lengths.max()),
            outputs=self.text.vocabulary.size, labels=tuple(len(item.labels) for item in self.conditions.label_items),
            numbers=len(self.conditions.number_items),
        )  # fmt: skip

    def _columns(self) -> list[str]:
        return self.recipe.task.condition_columns or []

    def begin(self, recipe: Recipe) -> None:
        self.recipe = recipe

    def network(self) -> nn.Module:
        network = build(self._description())
        networks.initialize(network.rnn, self.recipe.network.init, memory=self.recipe.training.sequence_length)
        if self.recipe.network.tied:
            tied_embedding(network.embedding.weight)
        return network

    def texts(self) -> dict[str, str]:
        description = json.dumps(self._description(), indent=1, ensure_ascii=False)
        return {"network.json": description, "tokenizer.json": vocabulary.save({"text": self.text.vocabulary})}

    def batches(self) -> Buckets:
        most = self.recipe.training.sequence_length
        self.learned = [records.cut(sequence, most) for sequence in self.targets["train"]]
        return records.training_batches(records.lengths_of(self.learned), self.recipe)

    def loss(self, forward: Forward, batch: np.ndarray, carry: Any, device: torch.device) -> tuple[Tensor, int, None]:
        targets, _ = records.padded([self.learned[record] for record in batch], device)
        labels, numbers = (records.moved(some[batch], device) for some in self.given["train"])
        if forward.network.training:
            labels, numbers = dropped(labels, numbers)
        scores, _ = forward(shifted(targets), labels, numbers)
        return mean_loss(scores, targets), sum(len(self.learned[record]) for record in batch), None

    def splits(self) -> tuple[str, ...]:
        return tuple(name for name in ("valid", "test") if name in self.parts)

    def evaluate(self, forward: Forward, split: str, device: torch.device, tick: Callable[[], None]) -> Measured:
        return measured(
            forward, self.parts[split], self.text, self.targets[split], self.conditions, self.given[split], device,
            tick,
        )  # fmt: skip

    def quick_baselines(self) -> list[Baseline]:
        return []

    def baselines(self) -> dict[str, Any] | None:
        if "valid" not in self.parts:
            return None
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / RECORDS
        save_arrays({name: stream(self.targets[name]) for name in ("train", "valid")}, path)
        return {
            "records": str(path), "vocabulary_size": plain_size(self.text),
            "characters": characters(self.text, self.parts["valid"]),
        }  # fmt: skip

    def samples(self, network: nn.Module, step: int, tick: Callable[[], None]) -> Iterator[Written]:
        arrays = {name: weight.detach().float().cpu().numpy() for name, weight in network.state_dict().items()}
        writer = Conditioned(self._description(), arrays, self.text.vocabulary)
        train, sampling = self.parts["train"], self.recipe.sampling
        often = Counter(zip(*(train.column(name) for name in self._columns()), strict=True)).most_common(SHOWN)
        for values, _ in often or [((), 0)]:
            label = self.conditions.text(values)
            for temperature in sampling.temperatures:
                request = Request(
                    label=label or None, length=sampling.length, temperature=temperature, alternatives=0,
                    seed=self.recipe.training.seed,
                )  # fmt: skip
                text = []
                for piece in write(writer, request):
                    tick()
                    text.append(piece.token if piece else "")
                yield Written(step=step, label=label, temperature=temperature, text="".join(text))

    def gradient_by_lag(self, network: nn.Module, device: torch.device) -> list[tuple[int, float]]:
        most = self.recipe.training.sequence_length
        x, lengths = records.padded([records.cut(one, most) for one in self.targets["train"][:PROBED]], device)
        return diagnostics.gradient_to_the_end(network, network.embedding(x), lengths)

    def ceiling(self) -> float:
        return CEILING * float(np.log(self.text.vocabulary.size))

    def _description(self) -> dict[str, Any]:
        """``network.json`` of the filled-in recipe."""
        recipe = self.recipe
        return {
            "format": networks.FORMAT, "task": recipe.task.kind,
            **{name: getattr(recipe.network, name) for name in _FIELDS},
            "vocabulary_size": self.text.vocabulary.size, "context": recipe.training.sequence_length,
            "text": self.text.to_dict(), "conditions": self.conditions.to_list(),
        }  # fmt: skip


def build(description: dict[str, Any]) -> ConditionalNetwork:
    """The network of a description, with PyTorch's initial weights."""
    conditions = Conditions.from_list(description["conditions"])
    return ConditionalNetwork(
        description["vocabulary_size"], labels=[len(item.labels) for item in conditions.label_items],
        numbers=len(conditions.number_items), **{name: description[name] for name in (*_FIELDS, "context")},
    )  # fmt: skip


class Model:
    """See :class:`rnncore.tasks.Model`; what it writes, :mod:`rnncore.infer` writes."""

    def __init__(self, folder: Path) -> None:
        try:
            description = json.loads((folder / "network.json").read_bytes())
            self.recipe = Recipe.load(folder / "recipe.json")
            network = build(description)
            network.load_state_dict(load_file(folder / "model.safetensors"))
            known = vocabulary.load(folder / "tokenizer.json")
            self.text = TextInput(description["text"]["column"], known["text"])
            self.conditions = Conditions.from_list(description["conditions"])
        except _DAMAGE as error:
            raise CheckpointError(f"{folder} is not a whole model: {error}") from None
        self.forward = Forward(network.eval(), "plain")

    def evaluate(self, data: Path, run: Path | None) -> dict[str, Any]:
        """The baselines are those that the run itself was compared with where its records lie in ``run``; else only the
        uniform one is known."""
        part = records.whole_part(
            data, self.recipe, [self.text.column, *(item.column for item in self.conditions.items)]
        )
        targets = ended(self.text.sequences(part))
        given, device = encoded(self.conditions, part), torch.device("cpu")
        found = measured(self.forward, part, self.text, targets, self.conditions, given, device, lambda: None)
        train = None
        if run and (path := run / "data" / RECORDS).is_file():
            train = load_arrays(path)["train"]
        beside = baselines.of_records(train, stream(targets), plain_size(self.text), characters(self.text, part))
        return {
            "loss": found.loss, "metrics": found.metrics,
            "baseline": {baseline.name: baseline.loss for baseline in beside},
        }  # fmt: skip


RECORDS = "records.safetensors"
"""What the baselines count, in the run's folder ``data``."""


def dropped(labels: Tensor, numbers: Tensor) -> tuple[Tensor, Tensor]:
    """Some of the conditions taken away, drawn from torch's generator of their device."""
    columns = labels.shape[1] + numbers.shape[1]
    chance = torch.rand(len(labels), 1 + columns, device=labels.device) < DROPPED
    gone = chance[:, :1] | chance[:, 1:] if columns > 1 else chance[:, :1].expand(-1, columns)
    return (
        labels.masked_fill(gone[:, : labels.shape[1]], 0),
        numbers.masked_fill(gone[:, labels.shape[1] :], float("nan")),
    )


def encoded(conditions: Conditions, part: Part) -> Encoded:
    """The conditions of a part's records. Raises DataError that names the line."""
    rows = list(zip(*(part.column(item.column) for item in conditions.items), strict=True)) or [()] * len(part)
    try:
        return conditions.encode(rows)
    except ValueError as error:
        message, row = error.args
        raise DataError(
            f"{part.table.name}: {message} (the {part.name} part has what the training part has not)",
            line=part.line(row),
        ) from None


def characters(text: TextInput, part: Part) -> int:
    """Of a part's texts, each with its end, which counts as one, like a line's."""
    return sum(1 + len(value if isinstance(value, str) else " ".join(value)) for value in part.column(text.column))


def plain_size(text: TextInput) -> int:
    """Tokens that may come at all: padding and start do not."""
    return text.vocabulary.size - 2


def stream(targets: list[np.ndarray]) -> np.ndarray:
    """Records one after the other, an end token before the first: ids as if there were no padding and no start."""
    joined = np.concatenate([np.array([END]), *targets])
    return np.where(joined == UNKNOWN, 0, joined - 2).astype(np.int32)


@torch.no_grad()
def losses_of(
    forward: Forward, targets: list[np.ndarray], given: Encoded, device: torch.device, tick: Callable[[], None],
    batch_size: int | None = None,
) -> np.ndarray:  # fmt: skip
    """Nats of each record, ``(records,)``."""
    found = np.empty(len(targets))
    for index in records.in_batches(records.lengths_of(targets), tick, batch_size):
        y, _ = records.padded([targets[record] for record in index], device)
        scores, _ = forward(shifted(y), *(records.moved(some[index], device) for some in given))
        found[index] = record_losses(scores, y)
    return found


def measured(
    forward: Forward, part: Part, text: TextInput, targets: list[np.ndarray], conditions: Conditions, given: Encoded,
    device: torch.device, tick: Callable[[], None],
) -> Measured:  # fmt: skip
    """The loss over every record with its condition and, where there is one, without."""
    counts = records.lengths_of(targets)
    nats = losses_of(forward, targets, given, device, tick)
    loss = float(nats.sum() / counts.sum())
    figures = text_metrics(loss, int(counts.sum()), characters(text, part))
    without = None
    if conditions.items:
        nothing = np.zeros_like(given[0]), np.full_like(given[1], np.nan)
        without = losses_of(forward, targets, nothing, device, tick)
        figures["loss_without_condition"] = float(without.sum() / counts.sum())
    shown = [conditions.text(values) for values in zip(*(part.column(i.column) for i in conditions.items), strict=True)]

    def describe(record: int) -> dict[str, Any]:
        return {
            "label": shown[record] if shown else "", "source": text.shown(part, record),
            "loss": float(nats[record] / counts[record]), "line": part.line(record),
        }  # fmt: skip

    report = {
        "kind": "conditional_generation", "by_length": records.by_length(counts, nats / counts),
        **records.worst_and_random(nats / counts, describe),
    }  # fmt: skip
    if without is not None and conditions.label_items:
        report["labels"] = by_label(part.column(conditions.label_items[0].column), nats, without, counts)
    return Measured(loss, figures, report)


def by_label(labels: list[Any], nats: np.ndarray, without: np.ndarray, counts: np.ndarray) -> list[dict[str, Any]]:
    """Nats per token of the records of each label, with the condition and without, the most frequent labels first."""
    rows: dict[str, list[int]] = defaultdict(list)
    for record, label in enumerate(labels):
        rows[str(label)].append(record)
    found = sorted(rows.items(), key=lambda item: (-len(item[1]), item[0]))[:LISTED]
    return [
        {
            "label": label, "records": len(some), "loss": float(nats[some].sum() / counts[some].sum()),
            "loss_without_condition": float(without[some].sum() / counts[some].sum()),
        }
        for label, some in found
    ]  # fmt: skip
