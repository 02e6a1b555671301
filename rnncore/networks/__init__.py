"""Networks, built from their description: the contents of ``network.json``.

The description is what a reader of a checkpoint needs to build the same network; :func:`describe` makes it from a
recipe, :func:`build` makes the network. Modules take plain arguments; only these two functions know recipes.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from rnncore.errors import CheckpointError
from rnncore.networks.init import initialize, tied_embedding
from rnncore.networks.language import LanguageNetwork
from rnncore.recipe import Recipe

FORMAT = 1
_FIELDS = (
    "cell", "embedding_size", "hidden_size", "num_layers", "dropout", "bidirectional", "nonlinearity", "bias", "tied",
)  # fmt: skip


def describe(recipe: Recipe, vocabulary_size: int) -> dict[str, Any]:
    """``network.json`` of a filled-in recipe."""
    fields = {name: getattr(recipe.network, name) for name in _FIELDS}
    fields |= {"vocabulary_size": vocabulary_size, "context": recipe.training.sequence_length}
    return {"format": FORMAT, "task": recipe.task.kind, **fields}


def build(description: dict[str, Any]) -> nn.Module:
    """The network with PyTorch's initial weights, on the CPU. Raises CheckpointError for a format it does not know."""
    if description.get("format") != FORMAT:
        raise CheckpointError(f"network.json has format {description.get('format')!r}; this version reads {FORMAT}")
    return LanguageNetwork(
        description["vocabulary_size"],
        **{name: description[name] for name in _FIELDS if name != "bidirectional"},
        context=description.get("context"),  # models of before there was a cell that has one
    )


def build_new(recipe: Recipe, vocabulary_size: int) -> nn.Module:
    """An untrained network with the initial weights that the recipe asks for (torch's global generator draws them)."""
    network = build(describe(recipe, vocabulary_size))
    initialize(network.rnn, recipe.network.init, memory=recipe.training.sequence_length)
    if recipe.network.tied:
        tied_embedding(network.embedding.weight)
    return network


def count(network: nn.Module) -> int:
    """How many numbers are learned."""
    return sum(parameter.numel() for parameter in network.parameters())
