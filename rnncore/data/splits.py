"""Which records are trained on, which are measured on: drawn from a seed, or cut along time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from rnncore.errors import DataError

PARTS = ("train", "valid", "test")


def records(
    count: int, *, valid: float, test: float, seed: int, labels: Sequence[Any] | None = None,
    groups: Sequence[Any] | None = None,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Record numbers of train, valid and test, ascending; ``valid`` and ``test`` are shares of all.

    With ``labels``, each label has about the same share in every part, and a record in train wherever it has any. With
    ``groups``, records of one group stay together (and labels are not looked at): a part is filled with whole groups
    until it has its share. Raises DataError where that leaves nothing to train on.
    """
    draw = np.random.default_rng((seed, 0x5EED))
    if groups is not None:
        part = _of_groups(groups, draw, valid, test)
    elif labels is not None:
        part = _of_labels(labels, draw, valid, test)
    else:
        part = _dealt(draw.permutation(count), count, valid, test)
    found = {name: np.flatnonzero(part == number) for number, name in enumerate(PARTS)}
    if not len(found["train"]):
        raise DataError("the split leaves no record to train on", hint="Lower the shares, or choose another group.")
    return found


def series(count: int, *, valid: float, test: float, split_rows: Sequence[int] | None = None) -> dict[str, range]:
    """Rows of train, valid and test, one after the other in time. Raises DataError where there are too few rows."""
    if split_rows is None:
        sizes = [math.ceil(round(share * count, 6)) for share in (valid, test)]
        split_rows = [count - sum(sizes), *sizes]
    if sum(split_rows) > count:
        asked = " + ".join(f"{rows:,}" for rows in split_rows)
        raise DataError(f"split_rows asks for {asked} = {sum(split_rows):,} rows; the series has {count:,}")
    ends = np.cumsum(split_rows).tolist()
    return {name: range(end - rows, end) for name, rows, end in zip(PARTS, split_rows, ends, strict=True)}


def _dealt(order: np.ndarray, count: int, valid: float, test: float) -> np.ndarray:
    """The part of each record: the first of ``order`` are validated on, the next tested on."""
    part = np.zeros(count, np.int8)
    sizes = [round(share * count) for share in (valid, test)]
    if valid and not sizes[0] and count > 1:
        sizes[0] = 1
    part[order[: sizes[0]]] = 1
    part[order[sizes[0] : sum(sizes)]] = 2
    return part


def _of_labels(labels: Sequence[Any], draw: np.random.Generator, valid: float, test: float) -> np.ndarray:
    """Every label's records are spread evenly over the whole, and each part takes its stretch."""
    _, numbers = np.unique(np.array([str(label) for label in labels]), return_inverse=True)
    place = np.empty(len(labels))
    for number in range(numbers.max() + 1):
        rows = np.flatnonzero(numbers == number)
        # Train has the end of the stretch: a label's last record, in its drawn order, always stays there.
        place[draw.permutation(rows)] = (np.arange(len(rows)) + draw.uniform()) / len(rows)
        last = rows[place[rows].argmax()]
        place[last] = 1.0
    part = np.zeros(len(labels), np.int8)
    part[place < valid + test] = 2
    part[place < valid] = 1
    return part


def _of_groups(groups: Sequence[Any], draw: np.random.Generator, valid: float, test: float) -> np.ndarray:
    names, numbers = np.unique(np.array([str(group) for group in groups]), return_inverse=True)
    sizes = np.bincount(numbers)
    wanted = [share * len(numbers) for share in (valid, test)]
    of_group, filled = np.zeros(len(names), np.int8), [0, 0]
    for group in draw.permutation(len(names)):
        for part in (0, 1):
            if filled[part] < wanted[part] and filled[part] + sizes[group] <= max(1.1 * wanted[part], 1):
                filled[part] += sizes[group]
                of_group[group] = part + 1
                break
    return of_group[numbers]
