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
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from rnncore import catalog
from rnncore.data.tokens import Tokenizer
from rnncore.errors import CheckpointError, DataError, PromptError, RequestError
from rnncore.infer import attending
from rnncore.infer.attending import Attending, Seen
from rnncore.infer.steps import CELLS, Array

FILES = ("network.json", "model.safetensors", "tokenizer.json")
"""What a model folder holds for its reader."""

TABLE_NUMBERS = 2**24
"""A first layer's table of at most so many numbers is made (64 MiB); larger ones are computed row by row."""

State = Array | Seen
"""What a network has in mind; of what kind is its own affair."""

DAMAGE = (
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
        self.embedding = weights["embedding.weight"]
        self.head = weights.get("head.weight", self.embedding)
        self.bias = weights["head.bias"]
        self.body = (Attending if network["cell"] == "transformer" else Stepping)(network, weights)
        small = len(self.embedding) * self.body.project(self.embedding[:1]).size <= TABLE_NUMBERS
        self.table = self.body.project(self.embedding) if small else None
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
        except DAMAGE as error:
            raise damaged(folder, error) from error

    def given(self, label: str | None) -> Runtime:
        """The network that writes for a condition. Raises PromptError: this one goes on from a prompt alone."""
        if label is not None:
            raise PromptError("label: a language model takes none; it goes on from a prompt")
        return self

    def start(self) -> State:
        """The state of a network that has read nothing. It is the caller's own: steps change it in place, ``.copy()``
        parts two texts."""
        return self.body.start()

    def scores(self, state: State) -> Array:
        """Scores (logits) of what may come next: ``(vocabulary,)``, the caller's own."""
        return self.head @ self.body.output(state) + self.bias

    def step(self, state: State, token: int) -> Array:
        """Read one token: changes ``state`` and gives the scores of the next."""
        self.body.step(state, self._embed(token))
        return self.scores(state)

    def read(self, state: State, tokens: Sequence[int] | np.ndarray) -> Array:
        """Read many tokens: changes ``state`` and gives the scores of what comes after the last.

        Wants memory for ``len(tokens) · gates · hidden`` numbers: give a long text in chunks.
        """
        self.body.read(state, self._embed(np.asarray(tokens, np.intp)))
        return self.scores(state)

    def _embed(self, tokens: Any) -> Array:
        """What one token or many give the first layer, projected."""
        return self.body.project(self.embedding[tokens]) if self.table is None else self.table[tokens]


class Stepping:
    """Recurrent layers on top of each other. A state is an array ``(num_layers, states of the cell, hidden)``."""

    def __init__(self, network: Mapping[str, Any], weights: Mapping[str, Array]) -> None:
        cell, depth = CELLS[network["cell"]], network["num_layers"]
        nothing = np.zeros(cell.GATES * network["hidden_size"], weights["embedding.weight"].dtype)
        self.layers = [
            cell(
                weights[f"rnn.weight_ih_l{k}"], weights[f"rnn.weight_hh_l{k}"] if cell.RECURRENT else None,
                weights.get(f"rnn.bias_ih_l{k}", nothing), weights.get(f"rnn.bias_hh_l{k}", nothing),
                nonlinearity=network["nonlinearity"],
            )
            for k in range(depth)
        ]  # fmt: skip
        self.project = self.layers[0].project
        self._above = [layer.project for layer in self.layers[1:]]
        self._zero = np.zeros((depth, cell.STATES, network["hidden_size"]), nothing.dtype)

    def start(self) -> Array:
        return self._zero.copy()

    def output(self, state: Array) -> Array:
        return state[-1, 0]

    def step(self, state: Array, projected: Array) -> None:
        """Read one step, projected for the first layer."""
        self.layers[0].step(projected, state[0])
        for project, layer, below, own in zip(self._above, self.layers[1:], state[:-1], state[1:], strict=True):
            layer.step(project(below[0]), own)

    def read(self, state: Array, projected: Array) -> None:
        """Read many steps, layer by layer: the inputs of a layer are projected for all of them at once, which saves a
        third of the time."""
        for k, (layer, own) in enumerate(zip(self.layers, state, strict=True)):
            outputs = np.empty((len(projected), own.shape[1]), own.dtype)
            for output, row in zip(outputs, projected, strict=True):
                layer.step(row, own)
                output[:] = own[0]
            projected = self._above[k](outputs) if k < len(self._above) else outputs


def damaged(folder: Path, error: Exception) -> CheckpointError:
    """What is said of a folder in which one of :data:`DAMAGE` was found."""
    words = f"network.json has no {error}" if isinstance(error, KeyError) else str(error)
    return CheckpointError(f"{folder} is not a whole model: {words}", hint="Download or publish the model again.")


def _check(network: Mapping[str, Any], weights: Mapping[str, Array], tokenizer: Tokenizer) -> None:
    """That the description is one we know and that every weight is there in its shape."""
    if network.get("format") != 1:
        raise CheckpointError(f"network.json has format {network.get('format')!r}; this version reads 1")
    if network["task"] != "language_model":
        raise RequestError(f"this model's task is {network['task']}; only a language model writes text")
    if network["cell"] not in catalog.CELLS:
        raise CheckpointError(
            f"network.json names the cell {network['cell']!r}; this version has {', '.join(catalog.CELLS)}"
        )
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
    shapes: list[tuple[str, tuple[int, ...]]] = [("embedding.weight", (vocabulary, embedding))]
    if network["cell"] == "transformer":
        shapes += attending.shapes(network, embedding).items()
    else:
        shapes += _stepping_shapes(network, embedding)
    if not network["tied"]:
        shapes.append(("head.weight", (vocabulary, hidden)))
    return [*shapes, ("head.bias", (vocabulary,))]


def _stepping_shapes(network: Mapping[str, Any], inputs: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    cell, hidden = CELLS[network["cell"]], network["hidden_size"]
    gates = cell.GATES * hidden
    for k in range(network["num_layers"]):
        yield f"rnn.weight_ih_l{k}", (gates, hidden if k else inputs)
        if cell.RECURRENT:
            yield f"rnn.weight_hh_l{k}", (gates, hidden)
        for name in ("bias_ih", "bias_hh") if network["bias"] else ():
            if cell.RECURRENT or name == "bias_ih":
                yield f"rnn.{name}_l{k}", (gates,)
