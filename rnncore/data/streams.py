"""Which tokens a training step reads: the split, the streams of truncated BPTT, the lanes of validation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnncore.data.store import TokenStore
from rnncore.errors import DataError

IGNORE = -100
"""Target where there is none: what ``torch.nn.functional.cross_entropy`` leaves out by default."""

PRIME = 128
"""Tokens that a validation lane reads before its first target."""

LANES, SHORTEST_LANE = 256, 256
"""A part is measured in at most so many lanes, each of at least so many targets where the part has them."""


@dataclass(frozen=True)
class Part:
    """A contiguous part of an encoded text: tokens ``start:stop`` of ``store``. ``name``: train, valid or test."""

    name: str
    store: TokenStore
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def tokens(self) -> np.ndarray:
        """(len,) a view of the store's memory map."""
        return self.store.tokens[self.start : self.stop]

    @property
    def characters(self) -> int:
        """Characters of text in it."""
        return self.store.characters(self.start, self.stop)


@dataclass(frozen=True)
class Parts:
    """train, then valid, then test; valid and test are None where there are none."""

    train: Part
    valid: Part | None
    test: Part | None


def split(
    store: TokenStore, validation_fraction: float, test_fraction: float, *,
    valid: TokenStore | None = None, test: TokenStore | None = None,
) -> Parts:  # fmt: skip
    """Train first, then validation, then test. A text of its own (``valid``, ``test``) takes the place of a fraction.

    A fraction above 0 gets at least one token. Raises DataError where fewer than two tokens are left to train on, or
    where a text of its own has fewer than two: its first token has nothing before it, so there is nothing to measure.
    """
    for name, own in (("validation", valid), ("test", test)):
        if own is not None and len(own) < 2:
            raise DataError(f"the {name} text has {len(own)} token; at least 2 are wanted", hint="Take a longer text.")

    def held_out(fraction: float, own: TokenStore | None) -> int:
        return 0 if own is not None else math.ceil(round(fraction * len(store), 6))

    after_valid = len(store) - held_out(test_fraction, test)
    after_train = after_valid - held_out(validation_fraction, valid)
    if after_train < 2:
        raise DataError(
            f"of the text's {len(store):,} tokens {max(after_train, 0)} are left to train on; at least 2 are wanted",
            hint="Take a longer text, or smaller shares for validation and test.",
        )

    def part(name: str, start: int, stop: int, own: TokenStore | None) -> Part | None:
        if own is not None:
            return Part(name, own, 0, len(own))
        return Part(name, store, start, stop) if stop > start else None

    return Parts(
        train=Part("train", store, 0, after_train),
        valid=part("valid", after_train, after_valid, valid),
        test=part("test", after_valid, len(store), test),
    )


@dataclass(frozen=True)
class Chunk:
    """What one step reads, ``(time, batch)``.

    inputs: int64 (time, batch), C-contiguous. targets: int64 (time, batch), the token after each input, or IGNORE.
    count: targets that are not IGNORE. first: the streams start anew, the carry is zero for all. resets: bool
    (time, batch) or None; True where the state must be zero *before* that input is read. It is True at the input just
    before a document's first token (the end of the separator), so that nothing of a document depends on another.
    epoch, index: from 0; the chunk is the index-th of its epoch.
    """

    inputs: np.ndarray
    targets: np.ndarray
    count: int
    first: bool
    resets: np.ndarray | None
    epoch: int
    index: int


class Streams:
    """The streams of truncated BPTT: an endless iterator of Chunks with a cursor.

    chunks_per_epoch, pairs: what an epoch reads.

    The n tokens of a part make n-1 pairs (input, target). They are cut into ``batch_size`` contiguous streams whose
    lengths differ by at most one; each pair is read exactly once an epoch. Chunk k+1 goes on where chunk k ended; the
    last chunk of an epoch is shorter, and in its last row the shorter streams have the target IGNORE. Where there are
    fewer pairs than streams, streams are left empty (IGNORE throughout).
    """

    def __init__(self, part: Part, batch_size: int, sequence_length: int) -> None:
        self._part = part
        self._sequence_length = sequence_length
        self.pairs = len(part) - 1
        shortest, longer = divmod(self.pairs, batch_size)
        self._lengths = np.full(batch_size, shortest) + (np.arange(batch_size) < longer)  # (batch,)
        self._starts = part.start + np.cumsum(self._lengths) - self._lengths  # (batch,)
        self._steps = int(self._lengths.max())
        self.chunks_per_epoch = math.ceil(self._steps / sequence_length)
        self._epoch = self._index = 0

    def __iter__(self) -> Streams:
        return self

    def __next__(self) -> Chunk:
        first = self._index * self._sequence_length
        times = np.arange(first, min(first + self._sequence_length, self._steps))[:, None]  # (time, 1)
        chunk = _chunk(
            self._part.store, self._starts + times, counted=times < self._lengths,
            first=self._index == 0, epoch=self._epoch, index=self._index,
        )  # fmt: skip
        self._index += 1
        if self._index == self.chunks_per_epoch:
            self._epoch, self._index = self._epoch + 1, 0
        return chunk

    def state_dict(self) -> dict[str, int]:
        """The cursor: ``{"epoch", "chunk"}`` of the chunk that comes next."""
        return {"epoch": self._epoch, "chunk": self._index}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from there."""
        self._epoch, self._index = state["epoch"], state["chunk"]


class Lanes:
    """A part to be measured: every token of it is a target exactly once, in lanes fixed by the text.

    Each lane is primed: it reads PRIME tokens before its first target, with IGNORE as their targets, from a zero state.
    Lane length and priming depend on the part alone, so the loss depends on neither ``batch_size`` nor sequence
    length. Only the very first token of a text of its own has nothing before it and is not counted.
    """

    def __init__(self, part: Part) -> None:
        self._part = part
        self._first = max(part.start, 1)  # the first target
        self.count = part.stop - self._first  # targets in all
        self.length = max(SHORTEST_LANE, math.ceil(self.count / LANES))  # targets a lane; the last one may have fewer
        self.characters = part.store.characters(self._first, part.stop)  # that the targets stand for

    def __len__(self) -> int:
        """How many lanes there are."""
        return math.ceil(self.count / self.length)

    def chunks(self, batch_size: int, sequence_length: int) -> Iterator[Chunk]:
        """All lanes, at most ``batch_size`` side by side, in chunks of at most ``sequence_length`` steps.

        ``first`` marks where a new group of lanes begins (zero carry). The last group may be narrower.
        """
        for group, lane in enumerate(range(0, len(self), batch_size)):
            targets = self._first + self.length * np.arange(lane, min(lane + batch_size, len(self)))  # (batch,)
            ends = np.minimum(targets + self.length, self._part.stop)
            starts = targets - 1 - PRIME
            steps = int((ends - 1 - starts).max())
            for index, begin in enumerate(range(0, steps, sequence_length)):
                positions = starts + np.arange(begin, min(begin + sequence_length, steps))[:, None]  # (time, batch)
                counted = (positions + 1 >= targets) & (positions + 1 < ends)
                yield _chunk(self._part.store, positions, counted=counted, first=begin == 0, epoch=group, index=index)


def _chunk(
    store: TokenStore, positions: np.ndarray, *, counted: np.ndarray, first: bool, epoch: int, index: int
) -> Chunk:
    """The chunk whose inputs are the tokens at ``positions`` (time, batch), each with the token after it as its target
    where ``counted``. Positions outside the text read some token; the state is reset where the text begins."""
    last = len(store) - 1
    inputs = np.ascontiguousarray(store.tokens[np.clip(positions, 0, last)], np.int64)
    following = store.tokens[np.clip(positions + 1, 0, last)].astype(np.int64)
    return Chunk(
        inputs=inputs, targets=np.where(counted, following, IGNORE), count=int(np.count_nonzero(counted)),
        first=first, resets=_resets(store, positions, first), epoch=epoch, index=index,
    )  # fmt: skip


def _resets(store: TokenStore, positions: np.ndarray, first: bool) -> np.ndarray | None:
    resets = positions == 0
    if len(store.documents) > 1:
        begins = np.searchsorted(store.documents, positions + 1)
        resets |= store.documents[np.minimum(begins, len(store.documents) - 1)] == positions + 1
    if first:
        resets[0] = False  # the carry is zero there as it is
    return resets if resets.any() else None
