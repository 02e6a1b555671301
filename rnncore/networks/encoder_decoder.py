"""Many to many, not aligned: a source is read, then a target is written.

::

    source (time, batch) → embedding → encoder (time, batch, output) → memory (time, batch, hidden)
    its last state (batch, output)   → the decoder's first state
    target so far (steps, batch)     → embedding → decoder h (steps, batch, hidden) → attention → context c
    scores (steps, batch, vocabulary) = head(tanh(W [c; h]))

The decoder looks back after it has stepped (M. Luong et al., EMNLP 2015, section 3), so that a target that is known is
scored in one pass, all steps at once. Without attention, c is the source's last state at every step (K. Cho et al.,
"Learning phrase representations using RNN encoder-decoder", EMNLP 2014).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnncore.data.vocabulary import START
from rnncore.networks.attention import Attention
from rnncore.networks.first_state import FirstState
from rnncore.networks.language import Head
from rnncore.networks.stack import Carry, Stack


class Memory(NamedTuple):
    """What is kept of a source: ``values`` ``(source, batch, hidden)``, and where they are ``there``
    ``(source, batch)``. Without attention there is one, of the last state."""

    values: Tensor
    there: Tensor

    def rows(self, index: Tensor) -> Memory:
        """Of the records ``index`` ``(n,)``."""
        return Memory(self.values[:, index], self.there[:, index])


class EncoderDecoder(nn.Module):
    """``source_size`` and ``target_size``: of the vocabularies. Encoder and decoder have the same cell, depth and
    size; ``bidirectional`` is the encoder's."""

    def __init__(
        self, source_size: int, target_size: int, *, cell: str, embedding_size: int, hidden_size: int, num_layers: int,
        dropout: float, bidirectional: bool, bias: bool, nonlinearity: str, tied: bool, attention: str, context: int,
    ) -> None:  # fmt: skip
        super().__init__()
        same = {"dropout": dropout, "bias": bias, "nonlinearity": nonlinearity, "context": context}
        self.source_embedding = nn.Embedding(source_size, embedding_size, padding_idx=0)
        self.encoder = Stack(cell, embedding_size, hidden_size, num_layers, bidirectional=bidirectional, **same)
        self.memory = nn.Linear(self.encoder.output_size, hidden_size, bias=False)
        self.start = FirstState(cell, self.encoder.output_size, hidden_size, num_layers)
        self.embedding = nn.Embedding(target_size, embedding_size, padding_idx=0)
        self.decoder = Stack(cell, embedding_size, hidden_size, num_layers, **same)
        self.attention = None if attention == "none" else Attention(attention, hidden_size)
        self.combine = nn.Linear(2 * hidden_size, hidden_size)
        self.head = Head(hidden_size, target_size, tied=tied)
        self.dropout = dropout

    def forward(
        self, source: Tensor, lengths: Tensor, inputs: Tensor, known: Tensor | None = None
    ) -> tuple[Tensor, None]:
        """Scores ``(steps, batch, target_size)`` of the token after each of ``inputs`` ``(steps, batch)``, the start
        token first, for sources ``(time, batch)`` of ``lengths`` ``(batch,)``.

        ``known``: ``(steps, batch)``, boolean; where it is false, the likeliest token of the step before is read in
        place of the one in ``inputs``. That takes one step after the other.
        """
        memory, carry = self.encode(source, lengths)
        if known is None:
            h, _ = self.decoder(self._embedded(inputs), carry)
            return self._scores(h, memory)[0], None
        scores, token = [], inputs[0]
        for step in range(len(inputs)):
            if step:
                token = torch.where(known[step], inputs[step], scores[-1].detach().argmax(1))
            found, carry = self.step(token, memory, carry)
            scores.append(found)
        return torch.stack(scores), None

    def encode(self, source: Tensor, lengths: Tensor) -> tuple[Memory, Carry]:
        """What the decoder knows of the source, and the carry that it starts from."""
        return self._encoded(self.embed(source), lengths)

    def step(self, tokens: Tensor, memory: Memory, carry: Carry) -> tuple[Tensor, Carry]:
        """Read one token ``(batch,)`` of each target: scores ``(batch, target_size)`` of the next, and the carry."""
        h, carry = self.decoder(self._embedded(tokens.unsqueeze(0)), carry)
        return self._scores(h, memory)[0][0], carry

    def weights(self, source: Tensor, lengths: Tensor, inputs: Tensor) -> Tensor | None:
        """Where it looks as it reads ``inputs``: ``(steps, batch, time)``; None without attention."""
        memory, carry = self.encode(source, lengths)
        h, _ = self.decoder(self._embedded(inputs), carry)
        return self._scores(h, memory)[1]

    def embed(self, source: Tensor) -> Tensor:
        """What the encoder reads: ``(time, batch, embedding)``."""
        return F.dropout(self.source_embedding(source), self.dropout, self.training)

    def score(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        """Scores ``(batch, target_size)`` of the first token, for sources that are embedded already."""
        memory, carry = self._encoded(embedded, lengths)
        first = torch.full_like(lengths, START)
        return self.step(first, memory, carry)[0]

    def _encoded(self, embedded: Tensor, lengths: Tensor) -> tuple[Memory, Carry]:
        outputs, _ = self.encoder.read(embedded, lengths)
        size, records = self.encoder.hidden_size, torch.arange(len(lengths), device=outputs.device)
        last = torch.cat([outputs[lengths - 1, records, :size], outputs[0, :, size:]], 1)  # the reverse one ends first
        kept = outputs if self.attention else last.unsqueeze(0)
        there = torch.arange(len(kept), device=outputs.device).unsqueeze(1) < lengths
        return Memory(self.memory(kept), there), self.start(last, self.decoder)

    def _embedded(self, tokens: Tensor) -> Tensor:
        return F.dropout(self.embedding(tokens), self.dropout, self.training)

    def _scores(self, h: Tensor, memory: Memory) -> tuple[Tensor, Tensor | None]:
        if self.attention is None:
            context, weights = memory.values.expand_as(h), None
        else:
            context, weights = self.attention(h, *memory)
        combined = self.combine(torch.cat([context, h], 2)).tanh()
        combined = F.dropout(combined, self.dropout, self.training)
        return self.head(combined, self.embedding.weight), weights
