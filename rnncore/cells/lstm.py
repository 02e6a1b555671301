"""Long short-term memory: S. Hochreiter and J. Schmidhuber, Neural Computation 9 (1997), with the forget gate of
F. Gers, J. Schmidhuber and F. Cummins, Neural Computation 12 (2000), as PyTorch writes it.

::

    i = σ(W_ii x + b_ii + W_hi h + b_hi)           what is let in
    f = σ(W_if x + b_if + W_hf h + b_hf)           what is kept
    g = tanh(W_ig x + b_ig + W_hg h + b_hg)        what could be written
    o = σ(W_io x + b_io + W_ho h + b_ho)           what is shown
    c' = f c + i g
    h' = o tanh(c')

The memory ``c`` is changed by adding, so a gradient can pass through many steps. Rows of the weights: i, f, g, o.
"""

from __future__ import annotations

from torch import Tensor, nn

from rnncore.cells import State, recur

STATES = 2
KEEPS: dict[int, int] = {0: -1, 1: 1}


def layer(input_size: int, hidden_size: int, *, bias: bool, nonlinearity: str) -> nn.LSTM:
    """``nonlinearity`` belongs to the plain RNN and is not used."""
    return nn.LSTM(input_size, hidden_size, bias=bias)


def step(layer: nn.LSTM, projected: Tensor, state: State) -> State:
    """One step: ``projected`` is ``(batch, 4 · hidden)``, see :func:`rnncore.cells.project`."""
    h, c = state
    i, f, g, o = (projected + recur(layer, h)).chunk(4, dim=-1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c
