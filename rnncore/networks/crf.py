"""A linear chain over tags: whole paths are scored, not each tag alone.

J. Lafferty et al., "Conditional random fields", ICML 2001; over a recurrent network as in G. Lample et al., "Neural
architectures for named entity recognition", NAACL 2016, section 2.2. A path's score is the sum of its emissions, of one
number for each pair of neighbours, and of one for its first and its last tag.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Chain(nn.Module):
    """``between[i, j]``: from tag i to tag j; ``first`` and ``last``: of the tags at both ends. All start at zero."""

    def __init__(self, tags: int) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.zeros(tags))
        self.last = nn.Parameter(torch.zeros(tags))
        self.between = nn.Parameter(torch.zeros(tags, tags))

    def log_partition(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """The log of the summed exponentials of all paths' scores, ``(batch,)``: the forward algorithm.

        ``emissions``: ``(time, batch, tags)``, padded on the right; ``lengths``: ``(batch,)``.
        """
        alpha = self.first + emissions[0]
        for step in range(1, len(emissions)):
            following = (alpha.unsqueeze(2) + self.between).logsumexp(1) + emissions[step]
            alpha = torch.where((step < lengths).unsqueeze(1), following, alpha)
        return (alpha + self.last).logsumexp(1)

    def score(self, emissions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """The score of the paths ``tags`` ``(time, batch)``, ``(batch,)``; what is padding does not count."""
        there = torch.arange(len(tags), device=tags.device).unsqueeze(1) < lengths
        emitted = emissions.gather(2, tags.unsqueeze(2)).squeeze(2)
        steps = torch.where(there, emitted, 0).sum(0)
        pairs = torch.where(there[1:], self.between[tags[:-1], tags[1:]], 0).sum(0)
        ends = tags.gather(0, (lengths - 1).unsqueeze(0)).squeeze(0)
        return steps + pairs + self.first[tags[0]] + self.last[ends]

    @torch.no_grad()
    def best(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """The path of the highest score, ``(time, batch)``, zero in the padding: Viterbi's algorithm."""
        alpha, back = self.first + emissions[0], []
        for step in range(1, len(emissions)):
            following, came_from = (alpha.unsqueeze(2) + self.between).max(1)
            alpha = torch.where((step < lengths).unsqueeze(1), following + emissions[step], alpha)
            back.append(came_from)
        path = torch.zeros(emissions.shape[:2], dtype=torch.long, device=emissions.device)
        at = (alpha + self.last).argmax(1)
        for step in range(len(emissions) - 1, -1, -1):
            if step < len(emissions) - 1:  # a sentence that ended before keeps its last tag until it is reached
                at = torch.where(step + 1 < lengths, back[step].gather(1, at.unsqueeze(1)).squeeze(1), at)
            path[step] = torch.where(step < lengths, at, 0)
        return path

    def marginals(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """The probability of each tag at each step, ``(time, batch, tags)``: the slope of the log partition."""
        with torch.enable_grad():
            wanted = emissions.detach().requires_grad_()
            (found,) = torch.autograd.grad(self.log_partition(wanted, lengths).sum(), wanted)
        return found
