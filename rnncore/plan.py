"""What a training will take, before it starts: size, memory, steps, time. Torch-free: forms ask at every key press."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnncore import cost, defaults
from rnncore.data.sources import open_text
from rnncore.data.tokens import build
from rnncore.defaults import Facts
from rnncore.recipe import Recipe


@dataclass(frozen=True)
class Plan:
    """``steps`` and ``seconds`` are upper bounds where patience may end the run before. ``calibrated``: ``seconds``
    comes from this machine's measured speed, not from a guess. ``recipe`` is filled in."""

    parameters: int
    training_bytes: int
    steps_per_epoch: int
    steps: int
    seconds: float
    calibrated: bool
    recipe: Recipe

    def to_dict(self) -> dict[str, Any]:
        """As ``rnncore plan`` prints it."""
        return {**vars(self), "recipe": self.recipe.to_dict()}


def plan(recipe: Recipe, facts: Facts, calibration: dict[str, Any] | None = None) -> Plan:
    """The plan of ``recipe`` for data of which ``facts`` are known. ``calibration``: see :class:`cost.Calibration`.

    Raises RecipeError as :func:`defaults.fill` does.
    """
    filled = defaults.fill(recipe, facts)
    network, training = filled.network, filled.training
    vocabulary = facts.vocabulary_size or filled.task.vocabulary_size or 256
    machine = cost.Calibration.of(calibration) if calibration else cost.TWO_CORES
    per_epoch = steps_per_epoch(filled, facts.tokens)
    a_step = cost.step_seconds(network, training, vocabulary, machine)
    ends = []
    if training.max_steps is not None:
        ends.append(training.max_steps)
    if training.max_epochs is not None:
        ends.append(epochs_to_steps(training.max_epochs, per_epoch))
    if training.max_minutes is not None:
        ends.append(max(1, math.ceil(60 * training.max_minutes / a_step)))
    steps = min(ends)
    seconds = steps * a_step + _evaluation_seconds(filled, facts, steps, a_step)
    return Plan(
        parameters=cost.parameters(network, vocabulary),
        training_bytes=cost.training_bytes(network, training, vocabulary),
        steps_per_epoch=per_epoch, steps=steps, seconds=seconds, calibrated=calibration is not None, recipe=filled,
    )  # fmt: skip


def facts_of(recipe: Recipe, path: str | Path) -> Facts:
    """The facts of a text, as a training on it will find them: reads it twice. Raises DataError, RecipeError."""
    task = defaults.fill_task(recipe).task
    with open_text(path) as text:
        tokenizer = build(task.tokens, text, task.vocabulary_size)
    characters = tokens = 0
    encoder = tokenizer.encoder()
    with open_text(path) as text:
        for block in text:
            characters += len(block)
            tokens += len(encoder.feed(block).ids)
    tokens += len(encoder.feed("", final=True).ids)
    return Facts(tokens=tokens, vocabulary_size=tokenizer.vocabulary_size, characters=characters)


def steps_per_epoch(recipe: Recipe, tokens: int) -> int:
    """Chunks that the streams of a text of ``tokens`` tokens take to be read once; see ``rnncore.data.streams``."""
    training = recipe.training
    shares = training.validation_fraction, training.test_fraction
    pairs = max(1, tokens - sum(math.ceil(round(share * tokens, 6)) for share in shares) - 1)
    return math.ceil(math.ceil(pairs / training.batch_size) / training.sequence_length)


def epochs_to_steps(epochs: float, per_epoch: int) -> int:
    """The step at which ``epochs`` readings of the data are done."""
    return max(1, math.ceil(epochs * per_epoch - 1e-9))


def _evaluation_seconds(recipe: Recipe, facts: Facts, steps: int, a_step: float) -> float:
    """Reading a token costs a third of learning from it."""
    training = recipe.training
    a_token = a_step / (training.batch_size * training.sequence_length) / 3
    return facts.tokens * training.validation_fraction * a_token * (steps // training.evaluate_every)
