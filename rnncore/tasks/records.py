"""What the tasks on records share: their files as split parts, padded batches, measuring that no batch size changes.

Functions and small classes that a task puts together; no task inherits from anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnncore import facts
from rnncore.data import buckets, columns, splits
from rnncore.data.buckets import Buckets
from rnncore.data.table import Table, open_table
from rnncore.errors import DataError, PromptError
from rnncore.fitness import FEWEST
from rnncore.recipe import Recipe, Task
from rnncore.tasks import Sources

EVALUATION_RECORDS = 256
"""Side by side while measuring, at most; it changes speed and memory, not the value."""

WORST, RANDOM = 20, 20
"""Examples that a report shows."""

COLUMNS = ("text_column", "label_column", "source_column", "target_column", "tag_column", "value_columns",
           "condition_columns")  # fmt: skip
"""A record that lacks one of these is left out; what is wrong with a file says so before (rnncore data)."""


@dataclass(frozen=True)
class Part:
    """The records of one split: rows ``index`` of ``table``."""

    name: str
    table: Table
    index: np.ndarray

    def __len__(self) -> int:
        return len(self.index)

    def column(self, name: str) -> list[Any]:
        """The values of a column, a record each."""
        values = self.table.columns[name]
        return [values[row] for row in self.index]

    def line(self, record: int) -> int:
        """The line of the file on which a record starts."""
        return self.table.lines[self.index[record]]


class Records:
    """The files of a task on records. ``recipe``: what was given, columns and tokens filled in; ``survey``: of the
    columns; ``parts``: train, and those of valid and test that there are."""

    def __init__(self, recipe: Recipe, files: Sources, tick: Callable[[], None]) -> None:
        tables = {name: open_table(path, progress=lambda done, total: tick()) for name, path in files.named().items()}
        data = tables.pop("data")
        self.survey = columns.survey(data)
        self.recipe = facts.chosen(recipe, self.survey)
        self.parts = self._split(data, set(tables)) | {
            name: Part(name, table, complete(table, self.recipe)) for name, table in tables.items()
        }

    def _split(self, data: Table, own: set[str]) -> dict[str, Part]:
        """``own``: parts that have files of their own and take no share of the data."""
        task, training = self.recipe.task, self.recipe.training
        kept = complete(data, self.recipe)
        if len(kept) < FEWEST:
            raise DataError(f"{data.name} has {len(kept)} complete records; at least {FEWEST} are wanted")

        def of(column: str | None) -> list[Any] | None:
            return None if column is None else [data.columns[column][row] for row in kept]

        shares = {"valid": training.validation_fraction, "test": training.test_fraction}
        found = splits.records(
            len(kept), **{name: 0.0 if name in own else share for name, share in shares.items()},
            seed=training.seed, groups=of(task.group_column or task.source_column), labels=_labels(task, of),
        )  # fmt: skip
        return {name: Part(name, data, kept[rows]) for name, rows in found.items() if len(rows)}


def _labels(task: Task, of: Callable[[str | None], list[Any] | None]) -> list[Any] | None:
    """The labels of which each part is to have its share: what is to be told, or the first that is written for."""
    if task.kind == "classification":
        return of(task.label_column)
    values = of(next(iter(task.condition_columns or ()), None))
    return values if values and isinstance(values[0], str) else None


def complete(table: Table, recipe: Recipe) -> np.ndarray:
    """The rows that have a value in every column that is read. Raises DataError where a column is not there."""
    names: list[str] = []
    for field in COLUMNS:
        value = getattr(recipe.task, field)
        names += value if isinstance(value, list) else [value] if value else []
    for name in names:
        if name not in table.columns:
            raise DataError(f"{table.name} has no column {name!r}; it has {', '.join(map(repr, table.columns))}")
    whole = [all(_there(table.columns[name][row]) for name in names) for row in range(len(table))]
    return np.flatnonzero(whole)


def _there(value: Any) -> bool:
    return value is not None and value != "" and value != []


def lengths_of(sequences: Iterable[Sequence[Any] | np.ndarray]) -> np.ndarray:
    """``(records,)`` time steps of each."""
    return np.fromiter((len(sequence) for sequence in sequences), np.int64)


def padded(sequences: Sequence[np.ndarray], device: torch.device) -> tuple[Tensor, Tensor]:
    """Sequences as a batch: ``(time, batch, …)`` on the device, and lengths ``(batch,)`` there too."""
    array, lengths = buckets.pad(sequences)
    return moved(array, device), moved(lengths, device)


def moved(array: np.ndarray, device: torch.device) -> Tensor:
    """An array as a tensor on the device."""
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def training_batches(lengths: np.ndarray, recipe: Recipe) -> Buckets:
    """The batches of a run: see :class:`rnncore.data.buckets.Buckets`."""
    return Buckets(lengths, recipe.training.batch_size, recipe.training.seed)


def in_batches(lengths: np.ndarray, tick: Callable[[], None], batch_size: int | None = None) -> Iterator[np.ndarray]:
    """All record numbers once, for measuring."""
    for index in buckets.in_order(lengths, batch_size or EVALUATION_RECORDS):
        tick()
        yield index


def cut(sequence: np.ndarray, steps: int) -> np.ndarray:
    """What is learned of a record: its first ``steps`` time steps."""
    return sequence[:steps]


def by_length(lengths: np.ndarray, right: np.ndarray, most: int = 12) -> list[dict[str, float]]:
    """How a figure follows the length: ``[{"upto", "records", "value"}]``, about as many records in each.

    ``right``: ``(records,)`` the figure of each record, e.g. 1 where it is right.
    """
    order = np.argsort(lengths, kind="stable")
    edges = np.unique(lengths[order][np.linspace(0, len(order) - 1, most + 1).astype(int)[1:]])
    found, below = [], -1
    for upto in edges:
        inside = (lengths > below) & (lengths <= upto)
        found.append({"upto": int(upto), "records": int(inside.sum()), "value": float(right[inside].mean())})
        below = upto
    return found


def worst_and_random(losses: np.ndarray, describe: Callable[[int], dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The records of the highest loss and some taken by chance (the same at every evaluation), as ``describe`` has
    them."""
    worst = np.argsort(-losses, kind="stable")[:WORST]
    chance = np.random.default_rng(0).permutation(len(losses))[:RANDOM]
    return {
        "worst": [describe(int(record)) for record in worst],
        "random": [describe(int(record)) for record in chance],
    }


def field_of(item: Any, column: str, number: int) -> Any:
    """What an input of a prediction says for a column: the item itself, or its entry of that name.

    Raises PromptError that names the input, counted from 1.
    """
    if isinstance(item, dict):
        if column not in item:
            raise PromptError(f"inputs.{number}: has no {column!r}; it has {', '.join(map(repr, item)) or 'nothing'}")
        item = item[column]
    if item is None or item == "" or item == []:
        raise PromptError(f"inputs.{number}: {column} is empty; at least one token is wanted")
    return item


def whole_part(path: Path, recipe: Recipe, names: list[str]) -> Part:
    """The complete records of a file that a model is to be measured on. ``names``: columns that it must have."""
    table = open_table(path)
    for name in names:
        if name not in table.columns:
            raise DataError(f"{path.name} has no column {name!r}; it has {', '.join(map(repr, table.columns))}")
    part = Part("test", table, complete(table, recipe))
    if not len(part):
        raise DataError(f"{path.name} has no complete record")
    return part


def inputs_of(path: Path) -> list[dict[str, Any]]:
    """The records of a file as inputs of a prediction: objects by column name."""
    table = open_table(path)
    names = list(table.columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*table.columns.values(), strict=True)]
