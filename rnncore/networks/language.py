"""The network of a language model: embedding, recurrent stack, one score for every token.

::

    tokens (time, batch) → embedding (time, batch, embedding) → stack (time, batch, hidden)
                         → scores (time, batch, vocabulary)
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from rnncore.networks.stack import Carry, Stack


class Head(nn.Module):
    """Scores for every token. Tied, it borrows the embedding's weights and owns only the bias."""

    def __init__(self, hidden_size: int, vocabulary_size: int, *, tied: bool) -> None:
        super().__init__()
        linear = nn.Linear(hidden_size, vocabulary_size)
        self.weight = None if tied else linear.weight
        self.bias = linear.bias

    def forward(self, h: Tensor, embedding: Tensor) -> Tensor:
        return F.linear(h, embedding if self.weight is None else self.weight, self.bias)


class LanguageNetwork(nn.Module):
    """Reads tokens, scores the next one at every step.

    Names in ``state_dict()``: ``embedding.weight``, ``rnn.weight_ih_l{k}`` … as in ``nn.LSTM(num_layers=…)``,
    ``head.weight`` (absent where tied) and ``head.bias``.
    """

    def __init__(
        self, vocabulary_size: int, *, cell: str, embedding_size: int, hidden_size: int, num_layers: int,
        dropout: float = 0.0, bias: bool = True, nonlinearity: str = "tanh", tied: bool = False,
        context: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        self.rnn = Stack(
            cell, embedding_size, hidden_size, num_layers, dropout=dropout, bias=bias, nonlinearity=nonlinearity,
            context=context,
        )  # fmt: skip
        self.head = Head(hidden_size, vocabulary_size, tied=tied)

    def forward(self, tokens: Tensor, carry: Carry | None = None, resets: Tensor | None = None) -> tuple[Tensor, Carry]:
        """Scores ``(time, batch, vocabulary)`` of the token after each of ``tokens`` ``(time, batch)``, and the carry.

        ``resets``: see :meth:`rnncore.networks.stack.Stack.forward`.
        """
        if carry is None:
            carry = self.rnn.zero_carry(tokens.shape[1])
        h, carry = self.rnn(self.embedding(tokens), carry, resets)
        return self.head(h, self.embedding.weight), carry
