"""Which tokens a training step reads: the split, the streams of truncated BPTT, the lanes of validation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnncore.data.store import TokenStore

IGNORE = -100
"""Target where there is none: what ``torch.nn.functional.cross_entropy`` leaves out by default."""


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

    A fraction above 0 gets at least one token. Raises DataError where fewer than two tokens are left to train on.
    """
    raise NotImplementedError


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

    The n tokens of a part make n-1 pairs (input, target). They are cut into ``batch_size`` contiguous streams whose
    lengths differ by at most one; each pair is read exactly once an epoch. Chunk k+1 goes on where chunk k ended; the
    last chunk of an epoch is shorter, and in its last row the shorter streams have the target IGNORE. Where there are
    fewer pairs than streams, streams are left empty (IGNORE throughout).
    """

    chunks_per_epoch: int
    pairs: int  # read in an epoch

    def __init__(self, part: Part, batch_size: int, sequence_length: int) -> None:
        raise NotImplementedError

    def __iter__(self) -> Streams:
        return self

    def __next__(self) -> Chunk:
        raise NotImplementedError

    def state_dict(self) -> dict[str, int]:
        """The cursor: ``{"epoch", "chunk"}`` of the chunk that comes next."""
        raise NotImplementedError

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from there."""
        raise NotImplementedError


class Lanes:
    """A part to be measured: every token of it is a target exactly once, in lanes fixed by the text.

    Each lane is primed: it reads PRIME tokens before its first target, with IGNORE as their targets, from a zero state.
    Lane length and priming depend on the part alone, so the loss depends on neither ``batch_size`` nor sequence
    length. Only the very first token of a text of its own has nothing before it and is not counted.
    """

    count: int  # targets in all
    length: int  # targets a lane (the last one has fewer)
    characters: int  # characters that the targets stand for

    def __init__(self, part: Part) -> None:
        raise NotImplementedError

    def __len__(self) -> int:
        """How many lanes there are."""
        raise NotImplementedError

    def chunks(self, batch_size: int, sequence_length: int) -> Iterator[Chunk]:
        """All lanes, at most ``batch_size`` side by side, in chunks of at most ``sequence_length`` steps.

        ``first`` marks where a new group of lanes begins (zero carry). The last group may be narrower.
        """
        raise NotImplementedError
