"""From scores to the next token.

``softmax(scores / temperature)`` is the network's opinion, and what is reported: the probability of the token that came
and of those that could have come instead. ``top_k`` and then ``top_p`` cut off its tail before the draw; a token that
is left is then drawn more often than its reported probability says. Temperature 0 takes the likeliest token and reports
with temperature 1.

Each text has random numbers of its own, made from its seed and its number alone, and uses one a token. So a text does
not depend on how many are written beside it, on whose turn it is, or on anything else that goes on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnncore.errors import RnncoreError
from rnncore.infer.steps import Array


class Sampler:
    """Draws the tokens of one text: the text number ``number`` (from 0) of those that ``seed`` gives.

    ``top_k`` 0 and ``top_p`` 1 cut nothing. ``banned``: a token, or several, that are never drawn (the unknown one).
    """

    def __init__(
        self, *, temperature: float, top_k: int = 0, top_p: float = 1.0, seed: int, number: int = 0,
        banned: int | Sequence[int] | None = None,
    ) -> None:  # fmt: skip
        self.temperature, self.top_k, self.top_p = temperature, top_k, top_p
        self.banned = np.atleast_1d(np.asarray([] if banned is None else banned, np.intp))
        self._random = np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, number))))

    def draw(self, scores: Array) -> tuple[int, Array]:
        """The next token and every token's probability ``(vocabulary,)``, in double precision.

        Raises RnncoreError where scores are not finite: the network itself is broken.
        """
        probabilities = self._probabilities(scores)
        chance = 1 - self._random.random()
        if self.temperature == 0:
            return int(probabilities.argmax()), probabilities
        if self.top_k == 0 and self.top_p == 1:
            return _at(probabilities, chance), probabilities
        kept = likeliest(probabilities, self.top_k or probabilities.size)
        kept = np.sort(kept[: _nucleus(probabilities[kept], self.top_p)])
        return int(kept[_at(probabilities[kept], chance)]), probabilities

    def _probabilities(self, scores: Array) -> Array:
        scores = scores.astype(np.float64)
        if not np.isfinite(scores).all():
            raise RnncoreError("the network's scores are not finite numbers", hint="Take an earlier checkpoint.")
        scores[self.banned] = -np.inf
        scores -= scores.max()
        np.exp(scores / (self.temperature or 1), out=scores)
        scores /= scores.sum()
        return scores


def likeliest(probabilities: Array, count: int) -> Array:
    """The ``count`` likeliest tokens, most probable first, equals in the order of their ids."""
    size = probabilities.size
    if count < size:
        least = np.partition(probabilities, size - count)[size - count]
        candidates = np.flatnonzero(probabilities >= least)
        return candidates[np.argsort(-probabilities[candidates], kind="stable")][:count]
    return np.argsort(-probabilities, kind="stable")


def runners_up(probabilities: Array, token: int, count: int) -> list[int]:
    """The ``count`` likeliest tokens other than ``token``."""
    return [int(other) for other in likeliest(probabilities, count + 1) if other != token][:count]


def _nucleus(descending: Array, top_p: float) -> int:
    """How many of the likeliest tokens reach the share ``top_p`` of what is left after ``top_k``: at least one."""
    if top_p == 1:
        return descending.size
    mass = np.cumsum(descending)
    return int(np.searchsorted(mass, top_p * mass[-1])) + 1


def _at(weights: Array, chance: float) -> int:
    """The index that ``chance``, uniform in (0, 1], falls on when each has a share as large as its weight."""
    mass = np.cumsum(weights)
    return int(np.searchsorted(mass, chance * mass[-1]))
