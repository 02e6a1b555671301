"""How many numbers the network of each task learns, exactly, from formulas. Torch-free.

Each formula follows its network in :mod:`rnncore.networks` line by line; a test builds every one of them with every
cell and counts. What it takes is a filled-in recipe and the facts of the data.
"""

from __future__ import annotations

from collections.abc import Callable

from rnncore.cost import parameters as language_parameters
from rnncore.cost import stack_parameters
from rnncore.data.windows import KNOWN_UNITS, LEVELS, segment
from rnncore.defaults import Facts
from rnncore.recipe import Network, Recipe

LETTER_SIZE, SEEN = 32, 3
"""Of :mod:`rnncore.networks.tagging`: numbers that stand for a letter, letters that are seen at a time."""


def parameters(recipe: Recipe, facts: Facts) -> int:
    """Of a task that has no formula of its own, as of one that pools the steps of a record."""
    return _FORMULAS.get(recipe.task.kind, _pooled)(recipe, facts)


def output_size(network: Network) -> int:
    """Numbers that a stack gives a step."""
    return network.hidden_size * (2 if network.bidirectional and network.cell != "transformer" else 1)


def _language(recipe: Recipe, facts: Facts) -> int:
    return language_parameters(recipe.network, facts.vocabulary_size or 0)


def _pooled(recipe: Recipe, facts: Facts) -> int:
    network, width = recipe.network, output_size(recipe.network)
    read = network.embedding_size if facts.vocabulary_size else facts.channels
    embedding = (facts.vocabulary_size or 0) * read
    attention = _linear(width, width) + width if recipe.task.pooling == "attention" else 0
    return embedding + stack_parameters(network, read) + attention + _linear(width, facts.outputs)


def _tagging(recipe: Recipe, facts: Facts) -> int:
    network, tags, letters = recipe.network, facts.outputs, recipe.network.character_size or 0
    spelling = LETTER_SIZE * facts.letters + letters * (LETTER_SIZE * SEEN + 1) if letters else 0
    chain = tags * tags + 2 * tags if recipe.task.crf else 0
    words = (facts.vocabulary_size or 0) * network.embedding_size
    stack = stack_parameters(network, network.embedding_size + letters)
    return words + spelling + stack + _linear(output_size(network), tags) + chain


def _seq2seq(recipe: Recipe, facts: Facts) -> int:
    network, hidden = recipe.network, recipe.network.hidden_size
    read, written, width = (facts.vocabulary_size or 0), facts.outputs, output_size(network)
    forwards = network.model_copy(update={"bidirectional": False})
    attention = {"general": hidden * hidden, "additive": 2 * hidden * hidden + 2 * hidden}
    return (
        (read + written) * network.embedding_size
        + stack_parameters(network, network.embedding_size) + stack_parameters(forwards, network.embedding_size)
        + width * hidden + _first_state(network, width)  # what the decoder sees of the source, and starts from
        + attention.get(recipe.task.attention or "", 0) + _linear(2 * hidden, hidden) + _head(network, written)
    )  # fmt: skip


def _conditional(recipe: Recipe, facts: Facts) -> int:
    network, embedding, written = recipe.network, recipe.network.embedding_size, facts.vocabulary_size or 0
    condition = embedding * (1 + sum(count + 1 for count in facts.labels) + 3 * facts.numbers)
    stack = stack_parameters(network, 2 * embedding)
    return condition + _first_state(network, embedding) + written * embedding + stack + _head(network, written)


def _forecasting(recipe: Recipe, facts: Facts) -> int:
    task, network, width = recipe.task, recipe.network, output_size(recipe.network)
    columns, known = len(task.value_columns or ()), len(task.known_columns or ())
    if task.strategy == "recursive":
        return stack_parameters(network, columns + known) + _linear(width, columns * len(LEVELS))
    a_step = columns * len(task.quantiles)
    each = segment(task.lookback, task.season)
    ahead = _linear(width + known, KNOWN_UNITS) + KNOWN_UNITS * a_step if known else 0
    stack = stack_parameters(network, each * (columns + known))
    return stack + _linear(width, task.horizon * a_step) + task.lookback * task.horizon + ahead


def _linear(inputs: int, outputs: int) -> int:
    return (inputs + 1) * outputs


def _head(network: Network, vocabulary_size: int) -> int:
    return vocabulary_size * (1 if network.tied else network.hidden_size + 1)


def _first_state(network: Network, inputs: int) -> int:
    """A transformer starts empty; an LSTM has two states, the other cells one."""
    states = {"transformer": 0, "lstm": 2}.get(network.cell, 1)
    return _linear(inputs, network.num_layers * states * network.hidden_size)


_FORMULAS: dict[str, Callable[[Recipe, Facts], int]] = {
    "language_model": _language, "tagging": _tagging, "seq2seq": _seq2seq, "conditional_generation": _conditional,
    "forecasting": _forecasting,
}  # fmt: skip
