"""What a method that costs nothing reaches: uniform, unigram and an interpolated n-gram. Torch-free."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnncore.data.streams import Part

MAX_ORDER = 8

MAX_TOKENS = 4_000_000
"""At most so many of the last tokens of training are counted: more take memory and hardly change the yardstick."""

BLOCK = 1 << 20
"""Tokens measured at once."""


@dataclass(frozen=True)
class Result:
    """Loss in nats per token over the part that was measured, e.g. ``Result("5-gram", 1.62, {"order": 5, …})``.

    details: order (n-gram), training_tokens (how many of the last tokens of training were counted), tokens (measured).
    """

    name: str
    loss: float
    details: dict[str, float]


def baselines(train: Part, valid: Part, vocabulary_size: int) -> Iterator[Result]:
    """uniform, unigram and n-gram, each as soon as it is known. The order is chosen on a held-out part of ``train``."""
    counted = train.tokens[-MAX_TOKENS:].astype(np.int64)
    measured = valid.stop - max(valid.start, 1)
    details = {"training_tokens": len(counted), "tokens": measured}
    yield Result("uniform", math.log(vocabulary_size), details)
    yield Result("unigram", _loss(NGram(counted, 1, vocabulary_size), valid), details)
    order = _best_order(counted, vocabulary_size)
    if order > 1:
        loss = _loss(NGram(counted, order, vocabulary_size), valid)
        yield Result(f"{order}-gram", loss, {"order": order, **details})


class NGram:
    """An n-gram model by interpolated absolute discounting (Ney, Essen and Kneser 1994).

    With c the count of a context and token, D the discount of the order, and T the number of different tokens seen
    after the context::

        P_k(w | h) = (max(c(h w) - D_k, 0) + D_k T(h) P_{k-1}(w | h')) / c(h)        h' is h without its first token
        P_0(w)     = 1 / vocabulary_size                                             D_k = n1 / (n1 + 2 n2)

    n1 and n2 are how many k-grams occur once and twice. A context that was never seen leaves P_{k-1} as it is.
    """

    def __init__(self, tokens: np.ndarray, order: int, vocabulary_size: int) -> None:
        """``tokens``: int64 (n,)."""
        self._vocabulary_size = vocabulary_size
        self._orders: list[_Order] = []
        contexts = np.zeros(len(tokens) + 1, np.int64)  # the rank of the (k-1)-gram that ends before each token
        for k in range(min(order, len(tokens))):
            keys = contexts[:-1] * vocabulary_size + tokens[k:]
            found, contexts, counts = np.unique(keys, return_inverse=True, return_counts=True)
            self._orders.append(_Order.of(found, counts, vocabulary_size))

    def probabilities(self, tokens: np.ndarray) -> Iterator[np.ndarray]:
        """P of every token given those before it, ``(n,)``, by order 1, by order 2 … up to the model's."""
        value = np.full(len(tokens), 1 / self._vocabulary_size)
        contexts = np.zeros(len(tokens), np.int64)  # -1: never seen
        for order in self._orders:
            keys = contexts * self._vocabulary_size + tokens
            at = np.minimum(np.searchsorted(order.keys, keys), len(order.keys) - 1)
            seen = (order.keys[at] == keys) & (contexts >= 0)
            kept = np.maximum(order.counts[at] - order.discount, 0) * seen
            mixed = (kept + order.discount * order.distinct[contexts] * value) / order.totals[contexts]
            value = np.where(contexts >= 0, mixed, value)
            yield value
            contexts = np.concatenate([[-1], np.where(seen, at, -1)[:-1]])


@dataclass(frozen=True)
class _Order:
    """The k-grams: sorted keys (rank of context x vocabulary + token) and counts; totals, distinct: by context."""

    keys: np.ndarray
    counts: np.ndarray
    totals: np.ndarray
    distinct: np.ndarray
    discount: float

    @classmethod
    def of(cls, keys: np.ndarray, counts: np.ndarray, vocabulary_size: int) -> _Order:
        contexts = keys // vocabulary_size
        once, twice = np.count_nonzero(counts == 1), np.count_nonzero(counts == 2)
        # Where every k-gram is frequent there is nothing to discount; a token never seen still needs its share.
        discount = max(once / max(1, once + 2 * twice), 1e-3)
        # A context that only ends the text was seen, but never with a token after it: all is left to the lower order.
        size = int(contexts.max()) + 2
        totals = np.bincount(contexts, counts, size)
        distinct = np.bincount(contexts, minlength=size).astype(float)
        empty = totals == 0
        totals[empty], distinct[empty] = discount, 1.0
        return cls(keys, counts, totals, distinct, discount)


def _best_order(tokens: np.ndarray, vocabulary_size: int) -> int:
    """The order that scores the last tenth of ``tokens`` best when it has seen the rest."""
    cut = len(tokens) - max(1, len(tokens) // 10)
    if cut < 2:
        return 1
    losses = [_mean_loss(p) for p in NGram(tokens[:cut], MAX_ORDER, vocabulary_size).probabilities(tokens[cut:])]
    return int(np.argmin(losses)) + 1


def _loss(model: NGram, part: Part) -> float:
    """Mean nats per token over every token of ``part``, each given those before it in its text."""
    total, first = 0.0, max(part.start, 1)
    for begin in range(first, part.stop, BLOCK):
        end = min(begin + BLOCK, part.stop)
        before = max(0, begin - MAX_ORDER)
        *_, probabilities = model.probabilities(part.store.tokens[before:end].astype(np.int64))
        total += _mean_loss(probabilities[begin - before :]) * (end - begin)
    return total / (part.stop - first)


def _mean_loss(probabilities: np.ndarray) -> float:
    return float(-np.log(probabilities).mean())
