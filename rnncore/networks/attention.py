"""How a decoder looks back at what was read.

::

    score(h, m)    dot       h · m                       M. Luong et al., "Effective approaches to attention-based
                   general   h · W m                     neural machine translation", EMNLP 2015
                   additive  v · tanh(W h + U m)         D. Bahdanau et al., "Neural machine translation by jointly
                                                         learning to align and translate", ICLR 2015
    weights        softmax of the scores over the steps of the source that are there
    context        the weighted mean of the memory

``none`` looks at one thing only, whatever the step: the memory is the source's last state.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Attention(nn.Module):
    """``kind``: dot, general or additive; ``size``: of the queries and of the memory."""

    def __init__(self, kind: str, size: int) -> None:
        super().__init__()
        self.kind = kind
        self.project = None if kind == "dot" else nn.Linear(size, size, bias=False)
        self.query = nn.Linear(size, size) if kind == "additive" else None
        self.score = nn.Linear(size, 1, bias=False) if kind == "additive" else None

    def forward(self, queries: Tensor, memory: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
        """Contexts ``(steps, batch, size)`` and weights ``(steps, batch, source)``.

        ``queries``: ``(steps, batch, size)``; ``memory``: ``(source, batch, size)``; ``there``: ``(source, batch)``,
        false where the source is padding.
        """
        h, m = queries.transpose(0, 1), memory.transpose(0, 1)  # (batch, steps | source, size)
        scores = self._scores(h, m).masked_fill(~there.T.unsqueeze(1), float("-inf"))
        weights = scores.softmax(2)  # (batch, steps, source)
        return torch.bmm(weights, m).transpose(0, 1), weights.transpose(0, 1)

    def _scores(self, h: Tensor, m: Tensor) -> Tensor:
        match self.kind:
            case "dot":
                return torch.bmm(h, m.transpose(1, 2))
            case "general":
                return torch.bmm(h, self.project(m).transpose(1, 2))
            case _:  # (batch, steps, source, size) is made and remembered
                together = self.query(h).unsqueeze(2) + self.project(m).unsqueeze(1)
                return self.score(together.tanh()).squeeze(3)
