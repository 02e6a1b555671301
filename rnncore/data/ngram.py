"""What a method that costs nothing reaches: uniform, unigram and an interpolated n-gram. Torch-free.

The n-gram is interpolated Kneser-Ney with three discounts (Chen and Goodman 1998, "An empirical study of smoothing
techniques for language modeling"), the best of its kind::

    P_k(w | h) = (c(h w) - D(c(h w)) + L(h) P_{k-1}(w | h')) / c(h)      h' is h without its first token
    L(h) = sum over w of D(c(h w)),   P_0(w) = 1 / vocabulary_size

In the highest order c counts occurrences; below, it counts the different tokens that occur before: "Francisco" is
frequent, but only after one word. A context that was never seen leaves P_{k-1} as it is. The orders are counted one
after the other, so memory does not grow with the order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from rnncore.data.streams import Part

MAX_ORDER = 8

MAX_COUNTED = 2_000_000
"""At most so many of the last tokens of training are counted: more take time and memory and change little."""

MAX_MEASURED = 1_000_000
RUNS = 64
"""Of a larger validation part so many tokens are measured, in so many runs spread evenly over it."""


@dataclass(frozen=True)
class Result:
    """Loss in nats per token over the part that was measured, e.g. ``Result("5-gram", 1.62, {"order": 5, …})``.

    details: order (n-gram), training_tokens (how many of the last tokens of training were counted), tokens (how many
    of validation were measured).
    """

    name: str
    loss: float
    details: dict[str, float]


def baselines(train: Part, valid: Part, vocabulary_size: int) -> Iterator[Result]:
    """uniform, unigram and n-gram, each as soon as it is known. The order is chosen on a held-out part of ``train``.

    ``valid`` must hold at least one token that has another before it in its text.
    """
    yield from of_tokens(train.tokens[-MAX_COUNTED:].astype(np.int64), *_measured(valid), vocabulary_size)


def of_tokens(
    counted: np.ndarray, measured: np.ndarray, before: int, vocabulary_size: int, end: int | None = None
) -> Iterator[Result]:
    """The same of arrays: see :func:`losses_by_order`."""
    details = {"training_tokens": len(counted), "tokens": measured[:, before:].size}
    yield Result("uniform", math.log(vocabulary_size), details)

    losses = losses_by_order(counted, measured, before, vocabulary_size, end)
    yield Result("unigram", next(losses), details)
    order = _best_order(counted, vocabulary_size, end)
    if order > 1:
        yield Result(f"{order}-gram", next(islice(losses, order - 2, None)), {"order": order, **details})


def losses_by_order(
    train: np.ndarray, measured: np.ndarray, before: int, vocabulary_size: int, end: int | None = None
) -> Iterator[float]:
    """Mean nats per token of the unigram, the bigram … learned from ``train``, int64 (n,), n > 0.

    ``measured``: int64 (runs, time), each row a piece of text whose first ``before`` tokens are context and not
    counted. There are at most MAX_ORDER orders, and at most as many as ``train`` has tokens. ``end``: the token between
    two records, over which no context reaches; None: it is all one text.
    """
    for probabilities in _probabilities(train, measured, vocabulary_size, end):
        yield float(-np.log(probabilities[:, before:]).mean())


def _probabilities(
    train: np.ndarray, measured: np.ndarray, vocabulary_size: int, end: int | None = None
) -> Iterator[np.ndarray]:
    """(runs, time): of each token of ``measured`` given those before it in its row, by a model of order 1, 2 …"""
    borders = _Borders(train, end)
    below = np.full(measured.shape, 1 / vocabulary_size)  # P_{k-1}, by the counts of a lower order
    contexts = np.zeros(measured.shape, np.int64)  # rank of the (k-1)-gram before each token; -1: never seen
    grams = _Grams.of(np.zeros(len(train) + 1, np.int64), train, vocabulary_size)
    for k in range(1, min(MAX_ORDER, len(train)) + 1):
        place = grams.find(contexts, measured)
        counts = np.where(borders.inside(grams.examples, k), 0, grams.counts)
        yield grams.mix(counts, contexts, place, below)
        if k == len(train):
            return
        longer = _Grams.of(grams.ranks, train[k:], vocabulary_size)
        # Each distinct (k+1)-gram is one more token that occurs before the k-gram at its end.
        different = np.bincount(grams.ranks[longer.examples + 1], minlength=len(grams.keys))
        different = np.where(borders.begins(grams.examples), counts, np.where(counts > 0, different, 0))
        below = grams.mix(different, contexts, place, below)
        contexts = np.concatenate([np.full((len(place), 1), -1), place[:, :-1]], axis=1)
        grams = longer


class _Borders:
    """Where records end. A k-gram that reaches over an end is not counted, so that no context does either; one that
    begins with an end has nothing before it: its occurrences count in all orders."""

    def __init__(self, train: np.ndarray, end: int | None) -> None:
        self.first = np.zeros(len(train), bool) if end is None else train == end
        self.ends = np.concatenate([[0], np.cumsum(self.first)])

    def inside(self, starts: np.ndarray, k: int) -> np.ndarray:
        """Whether the k-grams at ``starts`` have an end between their first token and their last."""
        return self.ends[starts + max(1, k - 1)] > self.ends[starts + 1]

    def begins(self, starts: np.ndarray) -> np.ndarray:
        """Whether they begin with an end."""
        return self.first[starts]


@dataclass(frozen=True)
class _Grams:
    """The distinct k-grams of a text, ranked by key: rank of the first k-1 tokens x vocabulary_size + last token.

    keys, counts, examples: (distinct,); where in ``ranks`` each k-gram is first. ranks: (n - k + 1,) of the k-gram at
    each place of the text. contexts: how many (k-1)-grams there are.
    """

    keys: np.ndarray
    counts: np.ndarray
    examples: np.ndarray
    ranks: np.ndarray
    contexts: int
    vocabulary_size: int

    @classmethod
    def of(cls, contexts: np.ndarray, tokens: np.ndarray, vocabulary_size: int) -> _Grams:
        """``contexts``: ranks of the (k-1)-grams of the text, one more than there are ``tokens`` to follow them."""
        keys = contexts[:-1] * vocabulary_size + tokens
        found, examples, ranks, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
        return cls(found, counts, examples, ranks, int(contexts.max()) + 1, vocabulary_size)

    def find(self, contexts: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """The rank of each context with the token after it, or -1."""
        keys = np.where(contexts >= 0, contexts * self.vocabulary_size + tokens, -1)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[place] == keys, place, -1)

    def mix(self, counts: np.ndarray, contexts: np.ndarray, place: np.ndarray, below: np.ndarray) -> np.ndarray:
        """P_k by ``counts`` of the k-grams, for the k-grams at ``place`` in ``contexts``; ``below`` is P_{k-1}."""
        off = _discounts(counts)[np.minimum(counts, 3)]
        context = self.keys // self.vocabulary_size
        total = np.bincount(context, counts, self.contexts)  # c(h)
        left = np.bincount(context, off, self.contexts)  # L(h)
        kept = np.where(place >= 0, (counts - off)[place], 0.0)
        known = (contexts >= 0) & (total[contexts] > 0)  # what only ends the text has no token after it
        return np.where(known, (kept + left[contexts] * below) / np.where(known, total[contexts], 1), below)


def _discounts(counts: np.ndarray) -> np.ndarray:
    """(4,) what is taken from a count of 0, 1, 2, and 3 or more."""
    n1, n2, n3, n4 = (np.count_nonzero(counts == count) for count in (1, 2, 3, 4))
    share = n1 / max(1, n1 + 2 * n2)
    found = [share] * 3
    if n1 and n2 and n3:
        found = [1 - 2 * share * n2 / n1, 2 - 3 * share * n3 / n2, 3 - 4 * share * n4 / n3]
    # Something must be left for tokens that were never seen, and something of every count kept.
    return np.array([0.0, *(min(max(off, 0.001), count - 0.001) for count, off in enumerate(found, 1))])


def _best_order(tokens: np.ndarray, vocabulary_size: int, end: int | None) -> int:
    """The order that scores the last tenth of ``tokens`` best when it has seen the rest."""
    cut = len(tokens) - max(1, len(tokens) // 10)
    before = min(cut, MAX_ORDER - 1)
    losses = losses_by_order(tokens[:cut], tokens[None, cut - before :], before, vocabulary_size, end)
    return int(np.argmin(list(losses))) + 1


def _measured(part: Part) -> tuple[np.ndarray, int]:
    """The tokens to measure, int64 (runs, time), and how many of each row are only context."""
    first = max(part.start, 1)
    before = min(first, MAX_ORDER - 1)
    runs = 1 if part.stop - first <= MAX_MEASURED else RUNS
    length = min(part.stop - first, MAX_MEASURED) // runs
    starts = np.linspace(first, part.stop - length, runs).astype(np.int64)
    return part.store.tokens[starts[:, None] + np.arange(-before, length)].astype(np.int64), before
