"""What a task reads of a record: a text, a list of tokens, or one or more columns of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncore.data.columns import numbers_of
from rnncore.data.vocabulary import Vocabulary
from rnncore.errors import DataError, PromptError
from rnncore.recipe import Task
from rnncore.tasks.records import Part, field_of


class TextInput:
    """A column of text, or of lists of tokens. ``vocabulary``: of the training part."""

    channels = 0

    def __init__(self, column: str, vocabulary: Vocabulary) -> None:
        self.column, self.vocabulary = column, vocabulary

    def sequences(self, part: Part) -> list[np.ndarray]:
        """Ids ``(steps,)`` of each record."""
        return [self.vocabulary.encode(value) for value in part.column(self.column)]

    def sequence(self, item: Any, number: int) -> np.ndarray:
        """The same of one input of a prediction. Raises PromptError."""
        value = field_of(item, self.column, number)
        if not isinstance(value, str | list) or (
            isinstance(value, list) and not all(isinstance(x, str) for x in value)
        ):
            raise PromptError(f"inputs.{number}: {self.column} must be a text or a list of tokens, not {value!r:.60}")
        ids = self.vocabulary.encode(value)
        if not len(ids):
            raise PromptError(f"inputs.{number}: {self.column} has no token")
        return ids

    def pieces(self, item: Any, number: int) -> list[str]:
        """What a person reads at each step."""
        return self.vocabulary.pieces(field_of(item, self.column, number))

    def shown(self, part: Part, record: int) -> str:
        """A record in a report."""
        value = part.table.columns[self.column][part.index[record]]
        return (value if isinstance(value, str) else " ".join(map(str, value)))[:500]

    def to_dict(self) -> dict[str, Any]:
        """For ``network.json``; the vocabulary lies in ``tokenizer.json``."""
        return {"column": self.column, "vocabulary_size": self.vocabulary.size, "channels": 0}


class ValueInput:
    """Columns of lists of numbers, a channel each, scaled to mean 0 and deviation 1 over the training part."""

    vocabulary = None

    def __init__(self, columns: list[str], mean: np.ndarray, deviation: np.ndarray) -> None:
        self.columns, self.mean, self.deviation = columns, mean, deviation
        self.channels = len(columns)

    @classmethod
    def fitted(cls, columns: list[str], part: Part) -> ValueInput:
        """Scaled by what the training part holds."""
        plain = cls(columns, np.zeros(len(columns)), np.ones(len(columns)))
        values = np.concatenate(plain.sequences(part))
        deviation = values.std(0, dtype=np.float64)
        return cls(columns, values.mean(0, dtype=np.float64), np.where(deviation > 0, deviation, 1.0))

    def sequences(self, part: Part) -> list[np.ndarray]:
        """Scaled numbers ``(steps, channels)`` of each record. Raises DataError that names the line."""
        found = []
        for record, row in enumerate(part.index):
            channels = [part.table.columns[name][row] for name in self.columns]
            try:
                found.append(self._scaled(channels))
            except ValueError as error:
                raise DataError(f"{part.table.name}: {error}", line=part.line(record)) from None
        return found

    def sequence(self, item: Any, number: int) -> np.ndarray:
        """The same of one input of a prediction. Raises PromptError."""
        channels = [field_of(item, name, number) for name in self.columns]
        if self.channels == 1 and not isinstance(item, dict):
            channels = [item]
        try:
            return self._scaled(channels)
        except ValueError as error:
            raise PromptError(f"inputs.{number}: {error}") from None

    def pieces(self, item: Any, number: int) -> list[str]:
        """What a person reads at each step."""
        values = self.sequence(item, number) * self.deviation + self.mean
        return [", ".join(f"{value:g}" for value in step) for step in values]

    def shown(self, part: Part, record: int) -> str:
        """A record in a report."""
        row = part.index[record]
        return "; ".join(
            " ".join(f"{x:.3g}" for x in numbers_of(part.table.columns[name][row])[:60]) for name in self.columns
        )

    def to_dict(self) -> dict[str, Any]:
        """For ``network.json``."""
        return {
            "columns": self.columns, "vocabulary_size": None, "channels": self.channels,
            "mean": self.mean.tolist(), "deviation": self.deviation.tolist(),
        }  # fmt: skip

    def _scaled(self, channels: list[Any]) -> np.ndarray:
        try:
            lists = [numbers_of(value) for value in channels]
        except (TypeError, ValueError):
            raise ValueError("numbers are wanted") from None
        if len({len(values) for values in lists}) != 1:
            sizes = ", ".join(f"{name} has {len(values)}" for name, values in zip(self.columns, lists, strict=True))
            raise ValueError(f"the columns must be of one length: {sizes}")
        array = np.array(lists, np.float64).T
        if not np.isfinite(array).all():
            raise ValueError("a value is not a finite number")
        return ((array - self.mean) / self.deviation).astype(np.float32)


Input = TextInput | ValueInput


def fitted(task: Task, part: Part, known: Vocabulary | None = None) -> Input:
    """The input of a recipe's task, fitted to its training part; ``known``: a vocabulary that is taken as it is."""
    if task.value_columns and not task.text_column:
        return ValueInput.fitted(task.value_columns, part)
    if known is not None:
        return TextInput(task.text_column, known)
    vocabulary = Vocabulary.build(
        task.tokens, part.column(task.text_column), task.vocabulary_size or 0,
        at_least=2 if task.tokens == "word" else 1,
    )  # fmt: skip
    return TextInput(task.text_column, vocabulary)


def from_dict(body: dict[str, Any], vocabulary: Vocabulary | None) -> Input:
    """The inverse of ``to_dict``."""
    if vocabulary is not None:
        return TextInput(body["column"], vocabulary)
    return ValueInput(body["columns"], np.array(body["mean"]), np.array(body["deviation"]))
