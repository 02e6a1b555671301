"""Many to many, aligned: each word of a sentence gets scores for its tag.

::

    words (time, batch) → embedding ─────────────────────┐
    letters of each word → embedding → convolution, max ─┴→ stack, both directions → scores (time, batch, tags)
"""

from __future__ import annotations

from torch import Tensor, cat, nn
from torch.nn import functional as F

from rnncore.networks.crf import Chain
from rnncore.networks.stack import Stack

LETTER_SIZE = 32
"""Numbers that stand for one letter."""

SEEN = 3
"""Letters that a unit of the character network sees at a time."""


class Letters(nn.Module):
    """What a word's spelling tells, whatever its length: X. Ma and E. Hovy, "End-to-end sequence labeling via
    bi-directional LSTM-CNNs-CRF", ACL 2016, section 2.1."""

    def __init__(self, letters: int, size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(letters, LETTER_SIZE, padding_idx=0)
        self.convolution = nn.Conv1d(LETTER_SIZE, size, SEEN, padding=SEEN - 1)

    def forward(self, spelled: Tensor) -> Tensor:
        """``(words, letters)``, padded with 0, to ``(words, size)``. More padding changes nothing: a place where only
        padding is seen is left out of the maximum."""
        seen = self.convolution(self.embedding(spelled).transpose(1, 2))
        there = F.max_pool1d(F.pad((spelled != 0).to(seen.dtype), (SEEN - 1, SEEN - 1)).unsqueeze(1), SEEN, 1)
        return seen.masked_fill(there == 0, float("-inf")).amax(2)


class TaggingNetwork(nn.Module):
    """``character_size`` 0: words alone. ``crf``: :attr:`chain` scores whole paths."""

    def __init__(
        self, tags: int, *, vocabulary_size: int, letters: int, cell: str, embedding_size: int, character_size: int,
        hidden_size: int, num_layers: int, dropout: float, bidirectional: bool, bias: bool, nonlinearity: str,
        crf: bool, context: int,
    ) -> None:  # fmt: skip
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=0)
        self.letters = Letters(letters, character_size) if character_size else None
        self.rnn = Stack(
            cell, embedding_size + character_size, hidden_size, num_layers, dropout=dropout, bias=bias,
            nonlinearity=nonlinearity, bidirectional=bidirectional, context=context,
        )  # fmt: skip
        self.head = nn.Linear(self.rnn.output_size, tags)
        self.chain = Chain(tags) if crf else None
        self.dropout = dropout

    def forward(self, words: Tensor, forms: Tensor, spelled: Tensor, lengths: Tensor) -> tuple[Tensor, None]:
        """Scores ``(time, batch, tags)``.

        words: ``(time, batch)`` ids, padded on the right. forms: ``(time, batch)`` rows of ``spelled`` ``(forms,
        letters)``, where each spelling stands once. lengths: ``(batch,)``.
        """
        return self.score(self.embed(words, forms, spelled), lengths), None

    def embed(self, words: Tensor, forms: Tensor, spelled: Tensor) -> Tensor:
        """What the stack reads: ``(time, batch, feature)``."""
        x = self.embedding(words)
        if self.letters is not None:
            x = cat([x, self.letters(spelled)[forms]], 2)
        return F.dropout(x, self.dropout, self.training)

    def score(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        """Scores of words that are embedded already."""
        return self.head(self.rnn.read(embedded, lengths)[0])
