"""Beam search: the best sequences that a decoder can write, for many sources at once.

Of each source the ``beam_size`` likeliest beginnings go on side by side. One that ends leaves the beam, and its place
with it; the search is over when no place is left, or at the source's limit. What was found is ranked by log probability
by length, the end counted, so that long sequences are not at a loss (K. Cho et al. 2014; Y. Wu et al. 2016, section 7,
with their α = 1). A beam of one takes the likeliest token at every step: greedy decoding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from rnncore.data.vocabulary import END, PADDING, START, UNKNOWN

NEVER = (PADDING, UNKNOWN, START)
"""Tokens that are not written."""

Step = Callable[[Tensor, Any, Tensor], tuple[Tensor, Any]]
"""``step(tokens (n,), carry, rows (n,))`` gives scores ``(n, vocabulary)`` and the carry; ``rows`` says to which source
each belongs."""


@dataclass(frozen=True)
class Found:
    """A sequence without its end token. ``log_probability`` of all its tokens, the end's too where it ``ended``."""

    tokens: list[int]
    log_probability: float
    ended: bool

    @property
    def score(self) -> float:
        """Nats per token, to rank by."""
        return self.log_probability / max(1, len(self.tokens) + self.ended)


@torch.no_grad()
def search(
    step: Step, carry: Any, limits: Sequence[int], beam_size: int, device: torch.device,
    tick: Callable[[], None] = lambda: None,
) -> list[list[Found]]:  # fmt: skip
    """For each source what was found, the best first: at most ``beam_size``, at least one.

    ``carry``: nested tuples of tensors whose first dimension is the source. ``limits``: tokens that a source's
    sequences may have. Sequences that did not end come after those that did.
    """
    beam = _Beam(carry, limits, beam_size, device)
    while len(beam.rows):
        tick()
        scores, beam.carry = step(beam.tokens, beam.carry, beam.rows)
        beam.advance(_log_probabilities(scores))
    return [sorted(found, key=lambda one: (not one.ended, -one.score)) for found in beam.found]


def reordered(carry: Any, rows: Tensor) -> Any:
    """The carry of the ``rows`` ``(n,)``, in that order."""
    if isinstance(carry, tuple):
        return tuple(reordered(item, rows) for item in carry)
    return carry.index_select(0, rows)


def _log_probabilities(scores: Tensor) -> Tensor:
    scores = scores.double()
    scores[:, list(NEVER)] = float("-inf")
    return scores.log_softmax(1)


class _Beam:
    """The beginnings that go on: ``tokens`` their last, ``rows`` their sources, ``slots`` their places within the
    source's beam, ``total`` their log probabilities, ``history`` all their tokens, ``(n,)`` and ``(n, length)``."""

    def __init__(self, carry: Any, limits: Sequence[int], beam_size: int, device: torch.device) -> None:
        sources = len(limits)
        self.carry, self.size = carry, beam_size
        self.limits = torch.tensor(limits, device=device)
        self.found: list[list[Found]] = [[] for _ in limits]
        self.left = torch.full((sources,), beam_size, device=device)
        self.rows = torch.arange(sources, device=device)
        self.slots = torch.zeros_like(self.rows)
        self.tokens = torch.full_like(self.rows, START)
        self.total = torch.zeros(sources, dtype=torch.float64, device=device)
        self.history = self.rows.new_empty(sources, 0)

    def advance(self, log_probabilities: Tensor) -> None:
        """One more token, ``log_probabilities`` ``(n, vocabulary)`` of which it may be."""
        sources, width = len(self.found), min(self.size, log_probabilities.shape[1])
        best, tokens = log_probabilities.topk(width, dim=1)  # more of one beginning than the beam has cannot stay
        shape = (sources, self.size, width)
        totals = best.new_full(shape, float("-inf"))
        totals[self.rows, self.slots] = self.total.unsqueeze(1) + best
        kept, places = totals.flatten(1).topk(self.size, dim=1)  # (sources, size)
        ranks = torch.arange(self.size, device=kept.device)
        rows, ranks = ((ranks < self.left.unsqueeze(1)) & kept.isfinite()).nonzero(as_tuple=True)
        places = places[rows, ranks]
        parents = self._parents(sources)[rows, places // width]
        self.total = kept[rows, ranks]
        self.tokens, self.rows, self.slots = tokens[parents, places % width], rows, ranks
        self._close(parents)

    def _parents(self, sources: int) -> Tensor:
        """Where the beginning in each slot of each source stands: ``(sources, size)``."""
        table = self.rows.new_zeros(sources, self.size)
        table[self.rows, self.slots] = torch.arange(len(self.rows), device=table.device)
        return table

    def _close(self, parents: Tensor) -> None:
        """Take out what ended or is at its limit; the others go on."""
        ended = self.tokens == END
        history = torch.cat([self.history[parents], self.tokens.unsqueeze(1)], 1)
        over = ended | (history.shape[1] >= self.limits[self.rows])
        for row, tokens, total, end in zip(
            self.rows[over].tolist(), history[over].tolist(), self.total[over].tolist(), ended[over].tolist(),
            strict=True,
        ):  # fmt: skip
            self.found[row].append(Found(tokens[:-1] if end else tokens, total, end))
        self.left.index_add_(0, self.rows[over], self.left.new_full((int(over.sum()),), -1))
        on = (~over).nonzero().flatten()
        self.carry = reordered(self.carry, parents[on])
        self.history, self.total = history[on], self.total[on]
        self.tokens, self.rows, self.slots = self.tokens[on], self.rows[on], self.slots[on]
