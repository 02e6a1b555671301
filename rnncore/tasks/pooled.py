"""What classification and regression share: the pooled network, its description, and a trained one from its folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from rnncore.data import vocabulary
from rnncore.data.vocabulary import UNKNOWN
from rnncore.errors import CheckpointError, DataError, RecipeError
from rnncore.networks import FORMAT
from rnncore.networks.pooled import PooledNetwork
from rnncore.recipe import Recipe
from rnncore.tasks import inputs, records
from rnncore.tasks.inputs import Input
from rnncore.tasks.known import Known, share_unknown
from rnncore.tasks.records import Part
from rnncore.train import diagnostics
from rnncore.train.precision import Forward

HIDDEN = 200
"""Steps of a record that are hidden one by one to see which mattered."""

PROBED = 32
"""Records on which the gradient's reach is looked at: always the same."""

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


class PooledModel:
    """A trained network with its input, from a model's folder."""

    def __init__(self, folder: Path) -> None:
        try:
            self.description = json.loads((folder / "network.json").read_bytes())
            self.recipe = Recipe.load(folder / "recipe.json")
            network = build_pooled(self.description)
            network.load_state_dict(load_file(folder / "model.safetensors"))
            known = vocabulary.load(folder / "tokenizer.json") if self.description["input"]["vocabulary_size"] else {}
            self.input = inputs.from_dict(self.description["input"], known.get("text"))
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


def gradient_by_lag(
    network: nn.Module, sequences: list[np.ndarray], most: int, device: torch.device
) -> list[tuple[int, float]]:
    """How strongly the scores depend on what was read so many steps before the end, in evaluation mode."""
    x, lengths = records.padded([records.cut(sequence, most) for sequence in sequences[:PROBED]], device)
    return diagnostics.gradient_to_the_end(network, network.embed(x), lengths)


def unknown(taken: Known | None, read: Input, train: Part, sequences: list[np.ndarray]) -> float | None:
    """See :class:`rnncore.tasks.Task`; numbers are all known. Raises DataError where it is too much."""
    if taken is None or read.vocabulary is None:
        return None
    return share_unknown(train.table.name, sequences)


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
