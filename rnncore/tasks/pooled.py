"""What classification and regression share: the task, the pooled network, and a trained one from its folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from rnncore import networks
from rnncore.data import vocabulary
from rnncore.data.buckets import Buckets
from rnncore.data.vocabulary import UNKNOWN
from rnncore.defaults import Facts
from rnncore.errors import CheckpointError, DataError, RecipeError
from rnncore.events import Example
from rnncore.networks import FORMAT
from rnncore.networks.pooled import PooledNetwork
from rnncore.recipe import Recipe
from rnncore.tasks import Sources, inputs, known, records
from rnncore.tasks.inputs import Input
from rnncore.tasks.known import share_unknown
from rnncore.tasks.records import Part, Records
from rnncore.train import diagnostics
from rnncore.train.precision import Forward

HIDDEN = 200
"""Steps of a record that are hidden one by one to see which mattered."""

SHOWN, PROBED = 4, 32
"""Records that every sample shows, and on which the gradient's reach is looked at: always the same."""

_FIELDS = (
    "cell", "embedding_size", "hidden_size", "num_layers", "dropout", "bidirectional", "nonlinearity", "bias",
)  # fmt: skip


def pooled_description(recipe: Recipe, read: Input, outputs: int) -> dict[str, Any]:
    """``network.json`` of a filled-in recipe."""
    return {
        "format": FORMAT, "task": recipe.task.kind, **{name: getattr(recipe.network, name) for name in _FIELDS},
        "pooling": recipe.task.pooling, "context": recipe.training.sequence_length, "outputs": outputs,
        "input": read.to_dict(),
    }  # fmt: skip


def build_pooled(description: dict[str, Any]) -> PooledNetwork:
    """The network of a description, with PyTorch's initial weights."""
    read = description["input"]
    return PooledNetwork(
        description["outputs"], vocabulary_size=read["vocabulary_size"], channels=read["channels"],
        **{name: description[name] for name in (*_FIELDS, "pooling", "context")},
    )  # fmt: skip


class PooledTask:
    """What both share of :class:`rnncore.tasks.Task`: records, read whole by a pooled network that answers once.

    A task adds ``facts``, ``targets``, how scores become losses and figures, and how they are told in words.
    """

    def __init__(self, recipe: Recipe, files: Sources, folder: Path, tick: Callable[[], None]) -> None:
        self.data = Records(recipe, files, tick)
        self.recipe, self.parts = self.data.recipe, self.data.parts
        train, self.known = self.parts["train"], known.of(folder)
        vocabularies = self.known.vocabularies() if self.known else {}
        self.input = inputs.fitted(self.recipe.task, train, vocabularies.get("text"))
        self.sequences = {name: self.input.sequences(part) for name, part in self.parts.items()}
        numbers = self.input.vocabulary is None  # they are all known
        self.unknown = None if numbers or not self.known else share_unknown(train.table.name, self.sequences["train"])

    def begin(self, recipe: Recipe) -> None:
        self.recipe = recipe

    def network(self) -> nn.Module:
        network = build_pooled(self.description())
        networks.initialize(network.rnn, self.recipe.network.init, memory=self.recipe.training.sequence_length)
        return network

    def texts(self) -> dict[str, str]:
        texts = {"network.json": json.dumps(self.description(), indent=1, ensure_ascii=False)}
        if self.input.vocabulary:
            texts["tokenizer.json"] = vocabulary.save({"text": self.input.vocabulary})
        return texts

    def batches(self) -> Buckets:
        most = self.recipe.training.sequence_length
        self.learned = [records.cut(sequence, most) for sequence in self.sequences["train"]]
        return records.training_batches(records.lengths_of(self.learned), self.recipe)

    def scores(self, forward: Forward, batch: np.ndarray, device: torch.device) -> Tensor:
        """In float32, ``(records, outputs)``, of a batch of the training part."""
        x, lengths = records.padded([self.learned[record] for record in batch], device)
        return forward(x, lengths)[0].float()

    def splits(self) -> tuple[str, ...]:
        return tuple(name for name in ("valid", "test") if name in self.parts)

    def baselines(self) -> None:
        return None

    def samples(self, network: nn.Module, step: int, tick: Callable[[], None]) -> Iterator[Example]:
        part = self.parts.get("valid", self.parts["train"])
        chosen = range(min(SHOWN, len(part)))
        device = next(network.parameters()).device
        x, lengths = records.padded([self.sequences[part.name][record] for record in chosen], device)
        outputs = self.told(network(x, lengths)[0])
        tick()
        for record, output in zip(chosen, outputs, strict=True):
            reference = self.truth(part.name, record)
            yield Example(step=step, source=self.input.shown(part, record), output=output, reference=reference)

    def gradient_by_lag(self, network: nn.Module, device: torch.device) -> list[tuple[int, float]]:
        most = self.recipe.training.sequence_length
        x, lengths = records.padded(
            [records.cut(sequence, most) for sequence in self.sequences["train"][:PROBED]], device
        )
        return diagnostics.gradient_to_the_end(network, network.embed(x), lengths)

    def described(self, outputs: int) -> Facts:
        """What the defaults are made from."""
        lengths = records.lengths_of(self.sequences["train"])
        return Facts(
            tokens=int(lengths.sum()), vocabulary_size=self.input.vocabulary and self.input.vocabulary.size,
            records=sum(map(len, self.parts.values())), longest=int(lengths.max()), outputs=outputs,
            channels=max(1, self.input.channels),
        )  # fmt: skip

    def description(self) -> dict[str, Any]:
        """``network.json``."""
        raise NotImplementedError

    def told(self, scores: Tensor) -> list[str]:
        """Scores ``(records, outputs)`` in words."""
        raise NotImplementedError

    def truth(self, split: str, record: int) -> str:
        """What would have been right, in words."""
        raise NotImplementedError


class PooledModel:
    """A trained network with its input, from a model's folder."""

    def __init__(self, folder: Path) -> None:
        try:
            self.description = json.loads((folder / "network.json").read_bytes())
            self.recipe = Recipe.load(folder / "recipe.json")
            network = build_pooled(self.description)
            network.load_state_dict(load_file(folder / "model.safetensors"))
            words = vocabulary.load(folder / "tokenizer.json") if self.description["input"]["vocabulary_size"] else {}
            self.input = inputs.from_dict(self.description["input"], words.get("text"))
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError, RecipeError, DataError) as error:
            raise CheckpointError(f"{folder} is not a whole model: {error}") from None
        self.forward = Forward(network.eval(), "plain")

    def part(self, path: Path, columns: list[str]) -> Part:
        """The records of a file that have what the model reads, and ``columns``. Raises DataError."""
        return records.whole_part(path, self.recipe, columns)

    def without_each(self, sequence: np.ndarray) -> list[np.ndarray]:
        """The record with one step hidden, for each of its first steps: a token unknown, a number the mean."""
        found = []
        for step in range(min(len(sequence), HIDDEN)):
            copy = sequence.copy()
            copy[step] = UNKNOWN if self.input.vocabulary else 0
            found.append(copy)
        return found


@torch.no_grad()
def scored(
    forward: Callable[..., Any],
    sequences: list[np.ndarray],
    outputs: int,
    device: torch.device,
    tick: Callable[[], None],
) -> np.ndarray:
    """Scores ``(records, outputs)`` in float64."""
    scores = np.empty((len(sequences), outputs))
    for index in records.in_batches(records.lengths_of(sequences), tick):
        x, lengths = records.padded([sequences[record] for record in index], device)
        scores[index] = forward(x, lengths)[0].double().cpu().numpy()
    return scores
