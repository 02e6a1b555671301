"""The state that a stack starts from, made from a vector: of a source that was read, or of a condition."""

from __future__ import annotations

from torch import Tensor, nn

from rnncore import cells
from rnncore.networks.stack import Carry, Stack


class FirstState(nn.Module):
    """``h = tanh(W v + b)``, for each state of each layer; D. Bahdanau et al., ICLR 2015, appendix A.2.2.

    A transformer has no state to set: it starts empty, and what it is to know must reach it another way.
    """

    def __init__(self, cell: str, size: int, hidden_size: int, num_layers: int) -> None:
        super().__init__()
        self.shape = (num_layers, 1 if cell == "transformer" else cells.get(cell).STATES, hidden_size)
        layers, states, hidden = self.shape
        self.project = None if cell == "transformer" else nn.Linear(size, layers * states * hidden)

    def forward(self, vector: Tensor, stack: Stack) -> Carry:
        """The carry of ``stack`` before its first step; ``vector``: ``(batch, size)``."""
        if self.project is None:
            return stack.zero_carry(len(vector))
        flat = self.project(vector).tanh().view(len(vector), *self.shape)
        return tuple(tuple(state.unbind(1)) for state in flat.unbind(1))
