"""Batches of records of different lengths: like with like, so that little is padded.

::

    epoch        a new order of all records
    window       WINDOW batches of it, sorted by length
    batches      cut from the window, in an order of their own

Every record is read once an epoch, also those of a last batch that is not full.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

WINDOW = 50
"""Batches that are sorted together: the more, the less padding, and the less chance which records meet."""


class Buckets:
    """An endless iterator of record numbers, ``(batch,)`` each.

    lengths: ``(records,)`` time steps of each. The order is drawn from ``seed`` and the number of the epoch alone, so
    a cursor of two numbers says where it stands.
    """

    def __init__(self, lengths: np.ndarray, batch_size: int, seed: int) -> None:
        self.lengths, self.batch_size, self.seed = np.asarray(lengths), batch_size, seed
        self.per_epoch = -(-len(self.lengths) // batch_size)
        self._epoch = self._position = 0
        self._batches = self._shuffled(0)

    def __iter__(self) -> Buckets:
        return self

    def __next__(self) -> np.ndarray:
        if self._position == self.per_epoch:
            self._epoch, self._position = self._epoch + 1, 0
            self._batches = self._shuffled(self._epoch)
        self._position += 1
        return self._batches[self._position - 1]

    def state_dict(self) -> dict[str, int]:
        return {"epoch": self._epoch, "position": self._position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self._epoch, self._position = state["epoch"], state["position"]
        self._batches = self._shuffled(self._epoch)

    def _shuffled(self, epoch: int) -> list[np.ndarray]:
        draw = np.random.default_rng((self.seed, epoch))
        order = draw.permutation(len(self.lengths))
        window = WINDOW * self.batch_size
        batches = []
        for start in range(0, len(order), window):
            part = order[start : start + window]
            part = part[np.argsort(self.lengths[part], kind="stable")]
            batches += [part[at : at + self.batch_size] for at in range(0, len(part), self.batch_size)]
        return [batches[index] for index in draw.permutation(len(batches))]


def in_order(lengths: Sequence[int] | np.ndarray, batch_size: int, steps: int = 2**16) -> Iterator[np.ndarray]:
    """All record numbers once, the short records first, in batches of at most ``batch_size`` records and about
    ``steps`` time steps, padding included: for measuring, where the order does not matter."""
    lengths = np.asarray(lengths)
    order = np.argsort(lengths, kind="stable")
    start = 0
    while start < len(order):
        stop = min(start + batch_size, len(order))
        while stop - start > 1 and lengths[order[stop - 1]] * (stop - start) > steps:
            stop = start + max(1, (stop - start) // 2)
        yield order[start:stop]
        start = stop


def pad(sequences: Sequence[np.ndarray], value: float = 0) -> tuple[np.ndarray, np.ndarray]:
    """Sequences ``(steps, …)`` side by side: ``(time, batch, …)``, padded on the right, and lengths ``(batch,)``."""
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)
    shape = (int(lengths.max()), len(sequences), *sequences[0].shape[1:])
    padded = np.full(shape, value, sequences[0].dtype)
    for column, sequence in enumerate(sequences):
        padded[: len(sequence), column] = sequence
    return padded, lengths
