"""What a language model's recipe leaves open.

Two things decide nearly everything: how many tokens there are (a small text wants a small network and much dropout),
and how often each of them will be read (a text that is read a few times cannot be learned by heart, so dropout would
only slow the learning down).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from rnncore.cost import step_seconds
from rnncore.defaults import Facts, round_number
from rnncore.recipe import Network, Recipe, Training


@dataclass(frozen=True)
class Size:
    """What suits a text of up to ``tokens`` tokens."""

    tokens: float
    hidden_size: int
    embedding_size: int
    batch_size: int
    sequence_length: int


SIZES = (
    Size(50_000, hidden_size=128, embedding_size=32, batch_size=4, sequence_length=64),
    Size(300_000, hidden_size=256, embedding_size=64, batch_size=8, sequence_length=96),
    Size(10_000_000, hidden_size=512, embedding_size=128, batch_size=16, sequence_length=128),
    Size(math.inf, hidden_size=640, embedding_size=128, batch_size=32, sequence_length=128),
)
"""By the length of the text. One layer each: in the minutes that two cores have, one wide layer learns more than two
narrow ones of the same cost, and few streams make more steps of the same tokens (docs/results.md)."""

DROPOUT = ((1.5, 0.0), (4, 0.1), (9, 0.2), (14, 0.3), (24, 0.4), (math.inf, 0.5))
"""By how many times the text will be read."""

LEARNING_RATE = {"adamw": 3.8e-3, "adam": 3.8e-3, "sgd": 0.5}
"""At hidden size 320; falls with the root of the hidden size. Plain RNNs take a quarter."""

VOCABULARY = {"word": 10_000, "bpe": 2_000}

MAX_EPOCHS = 30
"""Where no end is given: a text is read so often at most, and less often the longer it is (see ``_tokens_read``)."""

VALIDATION_TOKENS = 250_000
"""More than these make validation slower, not better: a long text gives less than a tenth of itself."""

TRAINED = 0.8
"""Share of given minutes that is left for training; the rest is spent on evaluations and samples."""

EVALUATIONS = (10, 40)
"""In one run, at least and at most; in between as many as cost a tenth of the training."""

SAMPLES = 12
"""In one run, beside the one before the first step."""


def fill(recipe: Recipe, facts: Facts) -> Recipe:
    """See :func:`rnncore.defaults.fill`."""
    body = {table: dict(values) for table, values in recipe.to_dict().items()}
    task, network, training, sampling = (
        body.setdefault(table, {}) for table in ("task", "network", "training", "sampling")
    )
    _task(task)
    size = next(size for size in SIZES if facts.tokens <= size.tokens)
    _data(training, facts, size)
    _network(network, size)
    _set(training, optimizer="adamw")
    length = _length(network, training, facts)
    network.setdefault("dropout", next(dropout for epochs, dropout in DROPOUT if length.epochs <= epochs))
    _optimizer(training, network, length)
    _rhythm(training, sampling, length)
    return Recipe.parse(body)


def fill_task(recipe: Recipe) -> Recipe:
    """The recipe with its table ``task`` filled in, which depends on no data: enough to read and encode a text."""
    task = dict(recipe.to_dict()["task"])
    _task(task)
    return recipe.replacing(task=task)


def _set(table: dict[str, Any], **values: Any) -> None:
    for name, value in values.items():
        table.setdefault(name, value)


def _task(task: dict[str, Any]) -> None:
    _set(task, tokens="char", documents="none")
    task["vocabulary_size"] = task.get("vocabulary_size") or VOCABULARY.get(task["tokens"], 0)


def _data(training: dict[str, Any], facts: Facts, size: Size) -> None:
    _set(training, validation_fraction=round(min(0.1, VALIDATION_TOKENS / max(1, facts.tokens)), 4), test_fraction=0.0)
    _set(training, sequence_length=size.sequence_length)
    # A short text in many streams would be read in one or two steps: at least eight make an epoch.
    most = facts.tokens // (8 * training["sequence_length"])
    _set(training, batch_size=max(1, min(size.batch_size, most)))


def _network(network: dict[str, Any], size: Size) -> None:
    _set(network, cell="lstm", num_layers=1, bidirectional=False, nonlinearity="tanh", bias=True, tied=False)
    _set(network, init="default")
    if network["tied"]:
        wide = network.get("hidden_size") or network.get("embedding_size") or size.hidden_size
        _set(network, hidden_size=wide, embedding_size=wide)
    _set(network, hidden_size=size.hidden_size, embedding_size=size.embedding_size)


@dataclass(frozen=True)
class _Length:
    """How long the run will be: exactly where steps or epochs end it, guessed where minutes do."""

    steps: int
    epochs: float


def _length(network: dict[str, Any], training: dict[str, Any], facts: Facts) -> _Length:
    share = 1 - training["validation_fraction"] - training["test_fraction"]
    epoch = max(1.0, facts.tokens * share)
    steps_an_epoch = max(1.0, epoch / (training["batch_size"] * training["sequence_length"]))
    if not any(f"max_{unit}" in training for unit in ("steps", "epochs", "minutes")):
        epochs = _tokens_read(epoch) / epoch
        training["max_epochs"] = float(min(MAX_EPOCHS, round(epochs) if epochs > 5 else round(epochs, 2)))
    ends = []
    if "max_steps" in training:
        ends.append(training["max_steps"])
    if "max_epochs" in training:
        ends.append(training["max_epochs"] * steps_an_epoch)
    timed = math.inf
    if "max_minutes" in training:
        a_step = step_seconds(Network(**network), Training(**training), facts.vocabulary_size or 100)
        timed = training["max_minutes"] * 60 / a_step
    end = min([*ends, timed])
    return _Length(steps=max(1, round(end * (TRAINED if end == timed else 1))), epochs=end / steps_an_epoch)


def _tokens_read(epoch: float) -> float:
    """How many tokens a run reads that nobody has given an end: ten million of a text of a million (a quarter of an
    hour on two cores), and twice as many of one that is thirty times as long."""
    return 1e7 * max(1.0, epoch / 1e6) ** 0.2


def _optimizer(training: dict[str, Any], network: dict[str, Any], length: _Length) -> None:
    _set(training, seed=1, device="auto", precision="auto", schedule="cosine", weight_decay=0.01)
    rate = LEARNING_RATE[training["optimizer"]] * min(1.0, math.sqrt(320 / network["hidden_size"]))
    if network["cell"] == "rnn":
        rate /= 4
    _set(training, learning_rate=float(f"{rate:.2g}"), warmup_steps=min(100, length.steps // 20), clip_norm=1.0)


def _rhythm(training: dict[str, Any], sampling: dict[str, Any], length: _Length) -> None:
    # Reading a token costs a third of learning from it: in epochs, an evaluation costs a third of the share held back.
    evaluation = max(1e-9, training["validation_fraction"] / 3)
    evaluations = min(EVALUATIONS[1], max(EVALUATIONS[0], 0.1 * length.epochs / evaluation))
    every = round_number(length.steps / evaluations)
    _set(training, evaluate_every=every, checkpoint_every=every, patience=8)
    _set(sampling, every=max(every, round_number(length.steps / SAMPLES)), prompts=[""], temperatures=[0.5, 0.8, 1.0])
    _set(sampling, length=300)
