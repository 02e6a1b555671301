"""What a sequence is written for: columns of labels and of numbers, read from records and from what a person types.

Torch-free. A condition that is not given is 0 among the labels and NaN among the numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rnncore.errors import DataError, PromptError

MOST_LABELS = 5_000

NAMED = 30
"""Labels that an error lists."""

Values = Sequence[Any]
"""One a column, as a table has it; None where it is not given."""


@dataclass(frozen=True)
class Label:
    """A column of labels. ``labels``: of the training part, the most frequent first; the first has number 1."""

    column: str
    labels: list[str]
    kind = "label"

    @cached_property
    def numbers(self) -> dict[str, int]:
        return {label: number for number, label in enumerate(self.labels, 1)}

    def number(self, value: Any) -> int:
        """Raises ValueError that lists what there is."""
        if value is None:
            return 0
        if str(value) not in self.numbers:
            known = ", ".join(self.labels[:NAMED]) + (", …" if len(self.labels) > NAMED else "")
            raise ValueError(f"the model knows no {self.column} {str(value)!r:.60}; it knows {known}")
        return self.numbers[str(value)]


@dataclass(frozen=True)
class Number:
    """A column of numbers, scaled to mean 0 and deviation 1 over the training part."""

    column: str
    mean: float
    deviation: float
    kind = "number"

    def scaled(self, value: Any) -> float:
        """Raises ValueError."""
        if value is None:
            return float("nan")
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        if not np.isfinite(number):
            raise ValueError(f"{self.column} must be a number, not {value!r:.60}")
        return (number - self.mean) / self.deviation


class Conditions:
    """The columns in order. There may be none: then every sequence is written for nothing."""

    def __init__(self, items: Sequence[Label | Number]) -> None:
        self.items = list(items)
        self.label_items = [item for item in items if isinstance(item, Label)]
        self.number_items = [item for item in items if isinstance(item, Number)]

    @classmethod
    def fitted(cls, columns: dict[str, list[Any]]) -> Conditions:
        """To the columns of a training part: those of numbers alone are numbers. Raises DataError."""
        return cls([_fitted(name, values) for name, values in columns.items()])

    def with_labels_of(self, known: Conditions) -> Conditions:
        """The same columns, numbers scaled as here, with the labels of ``known``, which has the columns too.

        Raises DataError where a column is of another kind there.
        """
        items = []
        for ours in self.items:
            theirs = next((item for item in known.items if item.column == ours.column), None)
            if theirs is None or theirs.kind != ours.kind:
                kind = f"of the kind {theirs.kind}" if theirs else "not known"
                raise DataError(
                    f"{ours.column!r} is a {ours.kind}; in the weights that the run starts from it is {kind}"
                )
            items.append(theirs if isinstance(ours, Label) else ours)
        return Conditions(items)

    def encode(self, rows: Sequence[Values]) -> tuple[np.ndarray, np.ndarray]:
        """Labels ``(rows, label columns)`` int64 and numbers ``(rows, number columns)`` float32.

        Raises ValueError whose ``args`` are what is wrong and the number of the row.
        """
        labels = np.zeros((len(rows), len(self.label_items)), np.int64)
        numbers = np.zeros((len(rows), len(self.number_items)), np.float32)
        for row, values in enumerate(rows):
            given = dict(zip((item.column for item in self.items), values, strict=True))
            try:
                labels[row] = [item.number(given[item.column]) for item in self.label_items]
                numbers[row] = [item.scaled(given[item.column]) for item in self.number_items]
            except ValueError as error:
                raise ValueError(str(error), row) from None
        return labels, numbers

    def parse(self, text: str | None) -> list[Any]:
        """The values that a person asks for: ``Italian`` is the first condition's, and several are
        ``origin=Italian,year=1900``; what is not named is not given. Raises PromptError that names the label.
        """
        values: dict[str, Any] = dict.fromkeys(item.column for item in self.items)
        if not text:
            return list(values.values())
        if not values:
            raise PromptError("label: this model writes for no condition; it takes none")
        parts = text.split(",")
        pairs = [[side.strip() for side in part.partition("=")[::2]] for part in parts]
        if not all("=" in part for part in parts) or pairs[0][0] not in values:
            values[self.items[0].column] = text
        elif unknown := [name for name, _ in pairs if name not in values]:
            raise PromptError(f"label: there is no condition {unknown[0]!r:.60}; the model has {', '.join(values)}")
        else:
            values |= dict(pairs)
        try:
            self.encode([list(values.values())])
        except ValueError as error:
            raise PromptError(f"label: {error.args[0]}") from None
        return list(values.values())

    def text(self, values: Values) -> str:
        """The inverse of ``parse``."""
        if len(self.items) == 1:
            return "" if values[0] is None else str(values[0])
        pairs = zip(self.items, values, strict=True)
        return ",".join(f"{item.column}={value}" for item, value in pairs if value is not None)

    def to_list(self) -> list[dict[str, Any]]:
        """For ``network.json``."""
        return [{"kind": item.kind, **asdict(item)} for item in self.items]

    @classmethod
    def from_list(cls, body: list[dict[str, Any]]) -> Conditions:
        """The inverse. Raises KeyError, TypeError where it is something else."""
        kinds = {"label": Label, "number": Number}
        return cls([kinds[item["kind"]](**{k: v for k, v in item.items() if k != "kind"}) for item in body])


def _fitted(name: str, values: list[Any]) -> Label | Number:
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        numbers = np.array(values, np.float64)
        return Number(name, float(numbers.mean()), float(numbers.std()) or 1.0)
    if any(isinstance(value, list) for value in values):
        raise DataError(f"{name!r} holds lists; a condition is a label or a number")
    counts = Counter(map(str, values))
    if len(counts) > MOST_LABELS:
        raise DataError(
            f"{name!r} has {len(counts):,} different labels; a condition may have {MOST_LABELS:,}",
            hint="Is it the right column? To write for a text, choose seq2seq.",
        )
    return Label(name, [label for label, _ in counts.most_common()])
