"""One to many: a sequence is written for a condition.

::

    condition → vector v (batch, embedding)
    v                           → the first state of every layer
    [embedding of the token; v] → stack (steps, batch, hidden) → scores (steps, batch, vocabulary)
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rnncore.networks.first_state import FirstState
from rnncore.networks.language import Head
from rnncore.networks.stack import Carry, Stack


class Condition(nn.Module):
    """Labels and numbers as one vector, the sum of one each: ``v = b + Σ E_i[label_i] + Σ (scale_j x_j + shift_j)``.

    ``labels``: how many each label column knows. Label 0 says that none is given, and a number that is NaN: both have
    vectors of their own that are learned.
    """

    def __init__(self, labels: list[int], numbers: int, size: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(size))
        self.labels = nn.ModuleList(nn.Embedding(count + 1, size) for count in labels)
        self.scale, self.shift, self.missing = (nn.Parameter(torch.randn(numbers, size)) for _ in range(3))

    def forward(self, labels: Tensor, numbers: Tensor) -> Tensor:
        """``(batch, size)`` of labels ``(batch, label columns)`` and scaled numbers ``(batch, number columns)``."""
        vector = self.bias.expand(len(labels), -1)
        for column, embedding in enumerate(self.labels):
            vector = vector + embedding(labels[:, column])
        given = numbers.nan_to_num().to(vector.dtype).unsqueeze(2) * self.scale + self.shift
        return vector + torch.where(numbers.isnan().unsqueeze(2), self.missing, given).sum(1)


class ConditionalNetwork(nn.Module):
    """Scores the next token of a sequence that belongs to a condition; see :class:`Condition`."""

    def __init__(
        self, vocabulary_size: int, *, labels: list[int], numbers: int, cell: str, embedding_size: int,
        hidden_size: int, num_layers: int, dropout: float, bias: bool, nonlinearity: str, tied: bool, context: int,
    ) -> None:  # fmt: skip
        super().__init__()
        self.condition = Condition(labels, numbers, embedding_size)
        self.start = FirstState(cell, embedding_size, hidden_size, num_layers)
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=0)
        self.rnn = Stack(
            cell, 2 * embedding_size, hidden_size, num_layers, dropout=dropout, bias=bias, nonlinearity=nonlinearity,
            context=context,
        )  # fmt: skip
        self.head = Head(hidden_size, vocabulary_size, tied=tied)

    def forward(self, inputs: Tensor, labels: Tensor, numbers: Tensor) -> tuple[Tensor, None]:
        """Scores ``(steps, batch, vocabulary)`` of the token after each of ``inputs`` ``(steps, batch)``."""
        vector = self.condition(labels, numbers)
        return self._read(self.embedding(inputs), vector, self.start(vector, self.rnn))[0], None

    def score(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        """Scores ``(batch, vocabulary)`` of the token after the last of sequences that are embedded already,
        ``(steps, batch, embedding)``, without a condition."""
        batch, weight = len(lengths), self.condition.bias
        labels = lengths.new_zeros(batch, len(self.condition.labels))
        vector = self.condition(labels, weight.new_full((batch, len(self.condition.scale)), float("nan")))
        scores, _ = self._read(embedded, vector, self.start(vector, self.rnn))
        return scores[lengths - 1, torch.arange(batch, device=scores.device)]

    def step(self, tokens: Tensor, vector: Tensor, carry: Carry) -> tuple[Tensor, Carry]:
        """Read one token ``(batch,)`` of each sequence: scores ``(batch, vocabulary)`` of the next, and the carry."""
        scores, carry = self._read(self.embedding(tokens.unsqueeze(0)), vector, carry)
        return scores[0], carry

    def _read(self, embedded: Tensor, vector: Tensor, carry: Carry) -> tuple[Tensor, Carry]:
        h, carry = self.rnn(torch.cat([embedded, vector.expand(len(embedded), -1, -1)], 2), carry)
        return self.head(h, self.embedding.weight), carry
