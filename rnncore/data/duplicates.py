"""Counts lines that occurred before, by 64-bit hashes, in flat memory."""

from __future__ import annotations

import numpy as np

BASE = 0x9E3779B97F4A7C15
"""Odd, so that it has an inverse modulo 2^64."""

MOST = 1 << 20
"""Hashes that are kept. When there are more, only the smaller half of all hash values is looked at any longer."""

_BITS = 1 << 64


class DuplicateLines:
    """Feed it the blocks of a text in order, as code points.

    The hash of a line is the polynomial of its mixed code points at BASE, modulo 2^64, mixed once more: of all lines of
    a block at once by one running sum. A line's hash does not depend on how the blocks cut it. Empty lines don't count.
    """

    def __init__(self) -> None:
        self.lines = 0
        self._limit = _BITS - 1  # larger hashes are not looked at
        self._kept = np.empty(0, np.uint64)
        self._new: list[np.ndarray] = []
        self._waiting = 0
        self._open, self._open_length = 0, 0  # hash and length of the line that the last block left unfinished
        self._tables = np.ones(1, np.uint64), np.ones(1, np.uint64)

    def feed(self, codes: np.ndarray, line_ends: np.ndarray) -> None:
        """``codes``: (n,) code points; ``line_ends``: ascending positions of the line feeds among them."""
        powers, inverses = self._powers(len(codes) + 1)
        sums = np.zeros(len(codes) + 1, np.uint64)
        np.cumsum(_mix(codes) * powers[: len(codes)], out=sums[1:])
        starts = np.concatenate([[0], line_ends + 1])
        stops = np.concatenate([line_ends, [len(codes)]])
        lengths = stops - starts
        hashes = (sums[stops] - sums[starts]) * inverses[starts]
        hashes[0] = (int(hashes[0]) * pow(BASE, self._open_length, _BITS) + self._open) % _BITS
        lengths[0] += self._open_length
        self._open, self._open_length = int(hashes[-1]), int(lengths[-1])
        self._note(hashes[:-1], lengths[:-1])

    def finish(self) -> None:
        """The text has ended; so has its last line."""
        self._note(np.array([self._open], np.uint64), np.array([self._open_length]))
        self._settle()

    @property
    def estimated(self) -> bool:
        return self._limit < _BITS - 1

    @property
    def count(self) -> int:
        """Lines that occurred before: all lines less the distinct ones."""
        distinct = round(len(self._kept) * (_BITS / (self._limit + 1)))
        return max(0, self.lines - distinct)

    def _note(self, hashes: np.ndarray, lengths: np.ndarray) -> None:
        hashes = hashes[lengths > 0]
        self.lines += len(hashes)
        hashes = _mix(hashes)
        hashes = hashes[hashes <= np.uint64(self._limit)]
        self._new.append(hashes)
        self._waiting += len(hashes)
        if self._waiting > MOST:
            self._settle()

    def _settle(self) -> None:
        self._kept = np.unique(np.concatenate([self._kept, *self._new]))
        self._new, self._waiting = [], 0
        while len(self._kept) > MOST:
            self._limit //= 2
            self._kept = self._kept[self._kept <= np.uint64(self._limit)]

    def _powers(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """BASE to the power of 0, 1, 2 … and of 0, -1, -2 …, modulo 2^64, at least ``count`` of each."""
        while len(self._tables[0]) < count:
            steps = (np.uint64(pow(BASE, sign * len(self._tables[0]), _BITS)) for sign in (1, -1))
            powers, inverses = (np.concatenate([t, t * step]) for t, step in zip(self._tables, steps, strict=True))
            self._tables = powers, inverses
        return self._tables


def _mix(values: np.ndarray) -> np.ndarray:
    """A bijection of 64-bit numbers that spreads small differences (Steele et al. 2014, "SplitMix")."""
    mixed = (values.astype(np.uint64) + np.uint64(BASE)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(29)
    return mixed
