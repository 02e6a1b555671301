"""What a training will take, before it starts: size, memory, steps, time. Torch-free: forms ask at every key press."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnncore import catalog, cost, defaults, facts, fitness, sizes
from rnncore.data.inspect import inspect_table
from rnncore.data.sources import open_text
from rnncore.data.table import open_table
from rnncore.data.tokens import build
from rnncore.data.windows import LEVELS, PATHS, segment
from rnncore.defaults import Facts, series
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
    machine = cost.Calibration.of(calibration) if calibration else cost.TWO_CORES
    if catalog.TASKS[filled.task.kind].defaults == "series":
        work = _series(filled, facts, machine)
    else:
        work = _records(filled, facts, machine) if facts.records else _text(filled, facts, machine)
    training, ends = filled.training, []
    if training.max_steps is not None:
        ends.append(training.max_steps)
    if training.max_epochs is not None:
        ends.append(epochs_to_steps(training.max_epochs, work.per_epoch))
    if training.max_minutes is not None:
        both = work.a_step + work.evaluation / training.evaluate_every  # the clock runs on while it is measured
        ends.append(max(1, math.ceil(60 * training.max_minutes / both)))
    steps = min(ends)
    return Plan(
        parameters=work.parameters, training_bytes=work.bytes, steps_per_epoch=work.per_epoch, steps=steps,
        seconds=steps * work.a_step + work.evaluation * (steps // training.evaluate_every),
        calibrated=calibration is not None, recipe=filled,
    )  # fmt: skip


@dataclass(frozen=True)
class _Work:
    """What a training takes: ``a_step`` and ``evaluation`` are the seconds of one of them."""

    parameters: int
    bytes: int
    per_epoch: int
    a_step: float
    evaluation: float


def _text(recipe: Recipe, facts: Facts, machine: cost.Calibration) -> _Work:
    """Of a language model. Reading a token costs a third of learning from it."""
    network, training = recipe.network, recipe.training
    vocabulary = facts.vocabulary_size or recipe.task.vocabulary_size or 256
    a_step = cost.step_seconds(network, training, vocabulary, machine)
    a_token = a_step / (training.batch_size * training.sequence_length) / 3
    return _Work(
        parameters=cost.parameters(network, vocabulary), bytes=cost.training_bytes(network, training, vocabulary),
        per_epoch=steps_per_epoch(recipe, facts.tokens), a_step=a_step,
        evaluation=facts.tokens * training.validation_fraction * a_token,
    )  # fmt: skip


def _records(recipe: Recipe, facts: Facts, machine: cost.Calibration) -> _Work:
    """Of a task on records, whose lengths differ: by their mean."""
    task, network, training = recipe.task, recipe.network, recipe.training
    stacks = 2 if task.target_column else 1
    steps = min(training.sequence_length or task.lookback, max(1.0, facts.tokens / facts.records / stacks))
    scores = facts.outputs * (steps if _scores_each_step(recipe) else 1)
    measured = training.validation_fraction * facts.records
    learned = max(1.0, facts.records * (1 - training.validation_fraction - training.test_fraction))
    parameters = sizes.parameters(recipe, facts)
    pairs = 2 * network.hidden_size if task.attention == "additive" else 0
    a_step = cost.record_seconds(network, training, steps, scores, stacks, machine)
    return _Work(
        parameters=parameters, bytes=cost.record_bytes(network, training, parameters, steps, pairs),
        per_epoch=math.ceil(learned / training.batch_size), a_step=a_step,
        evaluation=a_step / 3 * measured / training.batch_size,
    )  # fmt: skip


def _scores_each_step(recipe: Recipe) -> bool:
    """Whether the head is asked at every step, not once a record."""
    task = recipe.task
    return bool(task.tag_column or task.target_column) or task.condition_columns is not None


def _series(recipe: Recipe, facts: Facts, machine: cost.Calibration) -> _Work:
    """Of a forecast: its windows overlap, each row starts one. Measured, a recursive network draws many futures."""
    task, network, training = recipe.task, recipe.network, recipe.training
    recursive = task.strategy == "recursive"
    each = 1 if recursive else segment(task.lookback, task.season)
    steps = math.ceil(task.lookback / each) + (task.horizon if recursive else 0)
    outputs = len(task.value_columns or ()) * (len(LEVELS) if recursive else task.horizon * len(task.quantiles))
    parameters = sizes.parameters(recipe, facts)
    rows = series.rows_of(dict(training), facts)
    windows = max(1, rows["train"] - task.lookback - task.horizon + 1)
    a_step = cost.record_seconds(network, training, steps, outputs, 1, machine)
    futures = PATHS * task.horizon / steps if recursive else 1
    return _Work(
        parameters=parameters, bytes=cost.record_bytes(network, training, parameters, steps),
        per_epoch=math.ceil(windows / training.batch_size), a_step=a_step,
        evaluation=a_step / 3 * futures * rows["valid"] / training.batch_size,
    )  # fmt: skip


def facts_of(recipe: Recipe, path: str | Path) -> tuple[Recipe, Facts]:
    """The recipe with the columns of a file filled in, and the facts of the file, as a training will find them; of a
    table, its vocabulary is that of all records. Raises DataError, and RecipeError at what the data cannot serve."""
    if catalog.TASKS[recipe.task.kind].defaults == "language_model":
        return recipe, _text_facts(recipe, path)
    inspection = inspect_table(open_table(path), recipe.task.kind, fitness.said(recipe))
    recipe = facts.chosen(recipe, inspection["columns"])
    fitness.check(recipe, inspection)
    return recipe, facts.facts_of(recipe, inspection)


def _text_facts(recipe: Recipe, path: str | Path) -> Facts:
    """Reads the text twice."""
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
