"""What the recipe of a task on records leaves open: classification, tagging, sequence to sequence …

A record is short and complete, so nothing is carried from batch to batch; what decides is how many records there are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from rnncore import catalog
from rnncore.defaults import Facts, round_number
from rnncore.recipe import Recipe, fields


@dataclass(frozen=True)
class Size:
    """What suits up to ``records`` records."""

    records: float
    hidden_size: int
    embedding_size: int
    batch_size: int
    epochs: int
    dropout: float


SIZES = (
    Size(1_000, hidden_size=64, embedding_size=32, batch_size=16, epochs=60, dropout=0.3),
    Size(10_000, hidden_size=128, embedding_size=64, batch_size=32, epochs=30, dropout=0.4),
    Size(50_000, hidden_size=128, embedding_size=64, batch_size=64, epochs=20, dropout=0.3),
    Size(300_000, hidden_size=192, embedding_size=96, batch_size=64, epochs=10, dropout=0.2),
    Size(math.inf, hidden_size=256, embedding_size=128, batch_size=128, epochs=4, dropout=0.1),
)


@dataclass(frozen=True)
class Habits:
    """What a kind of task does otherwise than :data:`SIZES` and the common defaults: values by table. ``rate``: times
    the common learning rate."""

    task: dict[str, Any] = field(default_factory=dict)
    network: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    rate: float = 1.0


HABITS = {
    "classification": Habits(network={"bidirectional": True}),
    "regression": Habits(task={"pooling": "last"}, network={"dropout": 0.1}),
    "tagging": Habits(
        task={"crf": False},
        network={"bidirectional": True, "character_size": 128, "embedding_size": 100, "hidden_size": 192}
        | {"dropout": 0.4},
        training={"batch_size": 32, "learning_rate": 0.003},
    ),
    "seq2seq": Habits(
        task={"attention": "additive", "teacher_forcing": 1.0, "beam_size": 5},
        network={"bidirectional": True, "dropout": 0.1},
        rate=1.5,
    ),
}
"""By kind of task; one that is not here has the common defaults."""

LEARNING_RATE = {"adamw": 2e-3, "adam": 2e-3, "sgd": 0.1}

VALIDATION_RECORDS = 10_000
"""More than these make validation slower, not better."""

LONGEST = 1_000
"""Steps of a record that are learned from, where the recipe says nothing: what a training remembers grows with it."""

EVALUATIONS, SAMPLES = 20, 10
"""In one run."""


def fill(recipe: Recipe, facts: Facts) -> Recipe:
    """See :func:`rnncore.defaults.fill`."""
    body = {table: dict(values) for table, values in fill_task(recipe).to_dict().items()}
    task, network, training, sampling = (
        body.setdefault(table, {}) for table in ("task", "network", "training", "sampling")
    )
    habits = HABITS.get(recipe.task.kind, Habits())
    _set(task, **habits.task)
    if "pooling" in catalog.TASKS[recipe.task.kind].fields:
        _set(task, pooling="max")
    size = next(size for size in SIZES if facts.records <= size.records)
    _network(network, habits, size, recipe)
    _set(training, **habits.training)
    _set(training, batch_size=max(1, min(size.batch_size, facts.records // 8)))
    _set(training, sequence_length=max(1, min(facts.longest, LONGEST)))
    if not any(f"max_{unit}" in training for unit in ("steps", "epochs", "minutes")):
        training["max_epochs"] = float(size.epochs)
    steps = _steps(training, facts)
    _set(training, device="auto", precision="auto", optimizer="adamw", weight_decay=0.01, clip_norm=1.0, patience=8)
    rate = habits.rate * LEARNING_RATE[training["optimizer"]]
    rate *= 0.5 if network["cell"] in ("rnn", "transformer") else 1.0
    _set(training, schedule="cosine", learning_rate=rate, warmup_steps=min(100, steps // 20))
    every = round_number(steps / EVALUATIONS)
    _set(training, evaluate_every=every, checkpoint_every=every)
    _set(sampling, every=max(every, round_number(steps / SAMPLES)))
    if catalog.TASKS[recipe.task.kind].generates:
        _set(sampling, temperatures=[0.5, 0.8, 1.0], length=300)
    return Recipe.parse(body)


def fill_task(recipe: Recipe) -> Recipe:
    """See :func:`rnncore.defaults.fill_task`."""
    training = dict(recipe.to_dict().get("training", {}))
    _set(training, seed=1, validation_fraction=0.1, test_fraction=0.0)
    return recipe.replacing(training=training)


def _network(network: dict[str, Any], habits: Habits, size: Size, recipe: Recipe) -> None:
    _set(network, **habits.network)
    _set(network, cell="lstm", num_layers=1, bidirectional=False, nonlinearity="tanh", bias=True, init="default")
    if network["cell"] == "transformer" and "num_layers" not in recipe.to_dict().get("network", {}):
        network["num_layers"] = 2
    if "tied" in _names(recipe.task.kind):
        _set(network, tied=False)
    if network.get("tied"):
        wide = network.get("hidden_size") or network.get("embedding_size") or size.hidden_size
        _set(network, hidden_size=wide, embedding_size=wide)
    _set(network, hidden_size=size.hidden_size, embedding_size=size.embedding_size, dropout=size.dropout)


def _names(kind: str) -> set[str]:
    return {spec.name for spec in fields() if spec.table == "network" and spec.serves(kind)}


def _steps(training: dict[str, Any], facts: Facts) -> int:
    """How many steps the run will have, about."""
    share = 1 - training["validation_fraction"] - training["test_fraction"]
    per_epoch = max(1, math.ceil(facts.records * share / training["batch_size"]))
    ends = []
    if "max_steps" in training:
        ends.append(training["max_steps"])
    if "max_epochs" in training:
        ends.append(math.ceil(training["max_epochs"] * per_epoch))
    return max(1, round(min(ends, default=20 * per_epoch)))


def _set(table: dict[str, Any], **values: Any) -> None:
    for name, value in values.items():
        table.setdefault(name, value)
