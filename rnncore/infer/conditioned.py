"""A network that writes for a condition, stepped like any other.

Once the condition is known, nothing of it changes from step to step: it is a first state, and a vector beside the
embedding of each token. What is left is a language network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from rnncore import catalog
from rnncore.data import vocabulary
from rnncore.data.characters import describe
from rnncore.data.conditions import Conditions
from rnncore.data.tokens.base import checked_prompt
from rnncore.data.vocabulary import END, PADDING, START, UNKNOWN, Vocabulary
from rnncore.errors import PromptError, RequestError
from rnncore.infer.runtime import DAMAGE, Runtime, State, damaged
from rnncore.infer.steps import Array


def load(folder: str | Path) -> Runtime | Conditioned:
    """The network of a model folder that writes. Raises CheckpointError where a file is missing or damaged,
    RequestError for a network that predicts."""
    folder = Path(folder)
    kind = _task(folder)
    if kind in catalog.TASKS and catalog.TASKS[kind].predicts:
        label = catalog.TASKS[kind].label.lower()
        raise RequestError(f"this model's task is {label}: it answers and does not write", hint="Use rnncore predict.")
    if kind != "conditional_generation":
        return Runtime.load(folder)
    try:
        network = json.loads((folder / "network.json").read_bytes())
        known = vocabulary.load(folder / "tokenizer.json")["text"]
        return Conditioned(network, load_file(folder / "model.safetensors"), known)
    except DAMAGE as error:
        raise damaged(folder, error) from error


def _task(folder: Path) -> str | None:
    """The kind of task of a model; None where it cannot be read."""
    try:
        return json.loads((folder / "network.json").read_bytes())["task"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


class RecordTokens:
    """The tokens of records as :class:`rnncore.data.tokens.Tokenizer` has them: what writes asks for nothing else."""

    unknown_id = None
    end_id = END
    banned = (PADDING, UNKNOWN, START)

    def __init__(self, known: Vocabulary) -> None:
        self.vocabulary, self.vocabulary_size = known, known.size
        self.glue = b"" if known.kind in ("char", "byte", "bpe") else b" "

    def opening(self, prompt: str) -> Array:
        """The start token, and the prompt's. Raises PromptError that names what the model has no token for."""
        ids = self.vocabulary.encode(checked_prompt(prompt))
        if len(unknown := np.flatnonzero(ids == UNKNOWN)):
            pieces = self.vocabulary.pieces(prompt)
            strange = [pieces[place] for place in unknown]
            named = describe(strange) if self.vocabulary.kind == "char" else ", ".join(map(repr, strange[:10]))
            raise PromptError(f"prompt: the model has no token for {named}")
        return np.concatenate([[START], ids])

    def token(self, index: int) -> str:
        """For people."""
        return self.vocabulary.token(index)

    def token_bytes(self, index: int) -> bytes:
        """What the token writes."""
        return self.vocabulary.token_bytes(index)


class Conditioned:
    """The network, and what its condition adds.

    ``network``: the contents of ``network.json``. ``weights``: arrays by the names of
    :class:`rnncore.networks.conditional.ConditionalNetwork`. Raises CheckpointError where the two do not fit.
    """

    def __init__(
        self, network: Mapping[str, Any], weights: Mapping[str, Array], known: Vocabulary, *, dtype: Any = np.float32
    ) -> None:
        self.conditions = Conditions.from_list(network["conditions"])
        self.tokenizer = RecordTokens(known)
        self.own = {
            name: np.asarray(array, dtype)
            for name, array in weights.items()
            if name.startswith(("condition.", "start."))
        }
        self.runtime = _without_condition(network, weights, self.tokenizer, dtype)
        self.nbytes = self.runtime.nbytes + sum(array.nbytes for array in self.own.values())

    def given(self, label: str | None) -> Runtime:
        """The network that writes for a condition, see :meth:`Conditions.parse`. Raises PromptError."""
        vector = self._vector(self.conditions.parse(label))
        state = None
        if "start.project.weight" in self.own:  # a transformer has no first state
            flat = np.tanh(self.own["start.project.weight"] @ vector + self.own["start.project.bias"])
            state = flat.reshape(self.runtime.start().shape)
        return Given(self.runtime, vector, state)

    def _vector(self, values: list[Any]) -> Array:
        """See :class:`rnncore.networks.conditional.Condition`."""
        (labels,), (numbers,) = self.conditions.encode([values])
        vector = self.own["condition.bias"].copy()
        for column, label in enumerate(labels):
            vector += self.own[f"condition.labels.{column}.weight"][label]
        for column, number in enumerate(numbers):
            if np.isnan(number):
                vector += self.own["condition.missing"][column]
            else:
                vector += number * self.own["condition.scale"][column] + self.own["condition.shift"][column]
        return vector


class Given(Runtime):
    """A network whose condition is known: it starts from ``state`` (None: from nothing) and reads the ``vector`` beside
    each token. Weights and buffers are those of ``runtime``."""

    def __init__(self, runtime: Runtime, vector: Array, state: Array | None) -> None:
        vars(self).update(vars(runtime))
        self.beside, self.first = np.concatenate([np.zeros_like(vector), vector]), state

    def start(self) -> State:
        return super().start() if self.first is None else self.first.copy()

    def _embed(self, tokens: Any) -> Array:
        return self.body.project(self.embedding[tokens] + self.beside)


def _without_condition(
    network: Mapping[str, Any], weights: Mapping[str, Array], tokenizer: RecordTokens, dtype: Any
) -> Runtime:
    """The language network that is left: where the condition stood beside the embedding of a token, zeros stand."""
    embedding = np.asarray(weights["embedding.weight"], dtype)
    plain = {name: array for name, array in weights.items() if not name.startswith(("condition.", "start."))}
    plain["embedding.weight"] = np.concatenate([embedding, np.zeros_like(embedding)], 1)
    if network["tied"]:
        plain["head.weight"] = embedding
    language = {**network, "task": "language_model", "embedding_size": 2 * embedding.shape[1], "tied": False}
    return Runtime(language, plain, tokenizer, dtype=dtype)
