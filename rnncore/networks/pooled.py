"""Many to one: a sequence is read, its steps become one vector, a linear layer scores it.

::

    tokens (time, batch) → embedding, or numbers (time, batch, channels)
      → stack (time, batch, output) → pooling (batch, output) → scores (batch, outputs)
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnncore.networks.stack import Stack


class PooledNetwork(nn.Module):
    """Reads whole records, gives one vector of scores each.

    ``vocabulary_size`` tokens are read, or, where it is None, ``channels`` numbers a step. ``pooling``: ``last`` (the
    state after the last step, of both directions), ``mean``, ``max`` or ``attention`` over the steps there are.
    """

    def __init__(
        self, outputs: int, *, vocabulary_size: int | None, channels: int, cell: str, embedding_size: int,
        hidden_size: int, num_layers: int, dropout: float, bidirectional: bool, bias: bool, nonlinearity: str,
        pooling: str, context: int,
    ) -> None:  # fmt: skip
        super().__init__()
        self.embedding = (
            None if vocabulary_size is None else nn.Embedding(vocabulary_size, embedding_size, padding_idx=0)
        )
        self.rnn = Stack(
            cell, channels if self.embedding is None else embedding_size, hidden_size, num_layers, dropout=dropout,
            bias=bias, nonlinearity=nonlinearity, bidirectional=bidirectional, context=context,
        )  # fmt: skip
        self.pooling = pooling
        self.attention = Attention(self.rnn.output_size) if pooling == "attention" else None
        self.dropout = dropout
        self.head = nn.Linear(self.rnn.output_size, outputs)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, None]:
        """Scores ``(batch, outputs)`` of records ``x`` ``(time, batch)`` or ``(time, batch, channels)``, padded on the
        right, of which ``lengths`` ``(batch,)`` steps are there."""
        return self.score(self.embed(x), lengths), None

    def embed(self, x: Tensor) -> Tensor:
        """What the stack reads: ``(time, batch, feature)``."""
        if self.embedding is None:
            return x.to(self.head.weight.dtype)
        return F.dropout(self.embedding(x), self.dropout, self.training)

    def score(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        """Scores of records that are embedded already."""
        outputs, _ = self.rnn.read(embedded, lengths)
        return self.head(self._pooled(outputs, lengths))

    def _pooled(self, outputs: Tensor, lengths: Tensor) -> Tensor:
        if self.pooling == "last":
            return self._last(outputs, lengths)
        there = torch.arange(len(outputs), device=outputs.device).unsqueeze(1) < lengths  # (time, batch)
        match self.pooling:
            case "mean":
                return outputs.sum(0) / lengths.unsqueeze(1)  # beyond its length an output is zero
            case "max":
                return outputs.masked_fill(~there.unsqueeze(2), float("-inf")).amax(0)
            case _:
                return self.attention(outputs, there)

    def _last(self, outputs: Tensor, lengths: Tensor) -> Tensor:
        """The forward direction ends at ``length - 1``, the reverse one at the first step."""
        size = self.rnn.hidden_size
        records = torch.arange(len(lengths), device=outputs.device)
        return torch.cat([outputs[lengths - 1, records, :size], outputs[0, :, size:]], 1)


class Attention(nn.Module):
    """A weighted mean of the steps; Z. Yang et al., "Hierarchical attention networks for document classification",
    NAACL 2016, equations 5 to 7."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.project = nn.Linear(size, size)
        self.query = nn.Linear(size, 1, bias=False)

    def forward(self, outputs: Tensor, there: Tensor) -> Tensor:
        """``outputs`` ``(time, batch, size)``, ``there`` ``(time, batch)`` boolean; gives ``(batch, size)``."""
        scores = self.query(self.project(outputs).tanh()).squeeze(2)
        weights = scores.masked_fill(~there, float("-inf")).softmax(0)
        return (weights.unsqueeze(2) * outputs).sum(0)
