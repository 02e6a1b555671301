"""The runtime: a trained language network, stepped one token at a time with weights kept ready.

PyTorch's layers are made for training: called for one step they check, allocate and rearrange their weights anew.
Here everything that does not depend on the text is done once. What the embedding adds to the first layer's gates is a
table with one row a token; each further layer costs two matrix-vector products and a few calls over its gates.

One sequence is stepped at a time, also where several are written: matrix products round differently with the number
of rows, and a text must not depend on what is written beside it. (OpenBLAS's matrix-vector products, unlike its
matrix products, also give the same bits with any number of threads.)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from rnncore.data.tokens import Tokenizer
from rnncore.errors import CheckpointError, DataError, RequestError
from rnncore.infer.steps import CELLS, Array

FILES = ("network.json", "model.safetensors", "tokenizer.json")
"""What a model folder holds for its reader."""

TABLE_NUMBERS = 2**24
"""A first layer's table of at most so many numbers is made (64 MiB); larger ones are computed row by row."""

_DAMAGE = (
    OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError, DataError, CheckpointError,
)  # fmt: skip


class Runtime:
    """A network, its weights made ready, and its tokenizer. Not for two threads at once: layers own buffers.

    ``network``: the contents of ``network.json``. ``weights``: arrays by PyTorch's names, ``rnn.weight_ih_l0`` …
    Raises CheckpointError where the two do not fit, RequestError for a network that does not write.

    >>> runtime = Runtime.load("model")                         # doctest: +SKIP
    >>> state = runtime.start()                                 # doctest: +SKIP
    >>> scores = runtime.read(state, runtime.tokenizer.encode_prompt("To be"))     # doctest: +SKIP
    >>> scores = runtime.step(state, int(scores.argmax()))      # doctest: +SKIP
    """

    def __init__(
        self, network: Mapping[str, Any], weights: Mapping[str, Array], tokenizer: Tokenizer, *, dtype: Any = np.float32
    ) -> None:
        _check(network, weights, tokenizer)
        self.tokenizer = tokenizer
        weights = {name: np.ascontiguousarray(array, dtype) for name, array in weights.items()}
        cell, depth = CELLS[network["cell"]], network["num_layers"]
        nothing = np.zeros(cell.GATES * network["hidden_size"], dtype)
        self.layers = [
            cell(
                weights[f"rnn.weight_ih_l{k}"], weights[f"rnn.weight_hh_l{k}"],
                weights.get(f"rnn.bias_ih_l{k}", nothing), weights.get(f"rnn.bias_hh_l{k}", nothing),
                nonlinearity=network["nonlinearity"],
            )
            for k in range(depth)
        ]  # fmt: skip
        self.embedding = weights["embedding.weight"]
        self.head = weights.get("head.weight", self.embedding)
        self.bias = weights["head.bias"]
        small = len(self.embedding) * nothing.size <= TABLE_NUMBERS
        self.table = self.layers[0].project(self.embedding) if small else None
        self._projections = [self._embed, *(layer.project for layer in self.layers[1:])]
        self._zero = np.zeros((depth, cell.STATES, network["hidden_size"]), dtype)
        self.nbytes = sum(array.nbytes for array in weights.values()) + (0 if self.table is None else self.table.nbytes)

    @classmethod
    def load(cls, folder: str | Path, *, dtype: Any = np.float32) -> Runtime:
        """The network of a model folder. Raises CheckpointError where a file is missing or damaged, RequestError."""
        folder = Path(folder)
        try:
            network = json.loads((folder / "network.json").read_bytes())
            weights = load_file(folder / "model.safetensors")
            tokenizer = Tokenizer.load(folder / "tokenizer.json")
            return cls(network, weights, tokenizer, dtype=dtype)
        except _DAMAGE as error:
            raise CheckpointError(
                f"{folder} is not a whole model: {_words(error)}", hint="Download or publish the model again."
            ) from error

    def start(self) -> Array:
        """The state of a network that has read nothing: ``(num_layers, states of the cell, hidden)``.

        It is an array of the caller's own: steps change it in place, ``.copy()`` parts two texts.
        """
        return self._zero.copy()

    def scores(self, state: Array) -> Array:
        """Scores (logits) of what may come next: ``(vocabulary,)``, the caller's own."""
        return self.head @ state[-1, 0] + self.bias

    def step(self, state: Array, token: int) -> Array:
        """Read one token: changes ``state`` and gives the scores of the next."""
        below: Any = token
        for project, layer, own in zip(self._projections, self.layers, state, strict=True):
            layer.step(project(below), own)
            below = own[0]
        return self.scores(state)

    def read(self, state: Array, tokens: Sequence[int] | np.ndarray) -> Array:
        """Read many tokens, layer by layer: changes ``state`` and gives the scores of what comes after the last.

        The inputs of a layer are projected for all of them at once, which saves a third of the time. Wants memory for
        ``len(tokens) · gates · hidden`` numbers: give a long text in chunks.
        """
        below: Any = np.asarray(tokens, np.intp)
        for project, layer, own in zip(self._projections, self.layers, state, strict=True):
            outputs = np.empty((len(tokens), own.shape[1]), own.dtype)
            for output, projected in zip(outputs, project(below), strict=True):
                layer.step(projected, own)
                output[:] = own[0]
            below = outputs
        return self.scores(state)

    def _embed(self, tokens: Any) -> Array:
        """What one token or many add to the gates of the first layer."""
        return self.layers[0].project(self.embedding[tokens]) if self.table is None else self.table[tokens]


def _check(network: Mapping[str, Any], weights: Mapping[str, Array], tokenizer: Tokenizer) -> None:
    """That the description is one we know and that every weight is there in its shape."""
    if network.get("format") != 1:
        raise CheckpointError(f"network.json has format {network.get('format')!r}; this version reads 1")
    if network["task"] != "language_model":
        raise RequestError(f"this model's task is {network['task']}; only a language model writes text")
    if network["cell"] not in CELLS:
        raise CheckpointError(f"network.json names the cell {network['cell']!r}; this version has {', '.join(CELLS)}")
    if tokenizer.vocabulary_size != network["vocabulary_size"]:
        raise CheckpointError(
            f"tokenizer.json has {tokenizer.vocabulary_size} tokens, network.json {network['vocabulary_size']}"
        )
    shapes = dict(_shapes(network))
    for name in sorted(shapes.keys() | weights.keys()):
        wanted, found = shapes.get(name), weights[name].shape if name in weights else None
        if wanted != found:
            raise CheckpointError(
                f"model.safetensors: {name} should be {wanted or 'absent'} by network.json and is {found or 'absent'}"
            )


def _shapes(network: Mapping[str, Any]) -> list[tuple[str, tuple[int, ...]]]:
    """The weights that a description implies: names and shapes, as PyTorch has them."""
    vocabulary, hidden = network["vocabulary_size"], network["hidden_size"]
    embedding = hidden if network["tied"] else network["embedding_size"]
    gates = CELLS[network["cell"]].GATES * hidden
    shapes: list[tuple[str, tuple[int, ...]]] = [("embedding.weight", (vocabulary, embedding))]
    for k in range(network["num_layers"]):
        shapes.append((f"rnn.weight_ih_l{k}", (gates, hidden if k else embedding)))
        shapes.append((f"rnn.weight_hh_l{k}", (gates, hidden)))
        if network["bias"]:
            shapes += [(f"rnn.bias_ih_l{k}", (gates,)), (f"rnn.bias_hh_l{k}", (gates,))]
    if not network["tied"]:
        shapes.append(("head.weight", (vocabulary, hidden)))
    return [*shapes, ("head.bias", (vocabulary,))]


def _words(error: Exception) -> str:
    return f"network.json has no {error}" if isinstance(error, KeyError) else str(error)
