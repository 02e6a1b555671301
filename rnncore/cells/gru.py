"""The gated recurrent unit: K. Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014,
in cuDNN's and PyTorch's variant, where the reset gate acts after the matrix product.

::

    r = σ(W_ir x + b_ir + W_hr h + b_hr)           how much of the past the proposal sees
    z = σ(W_iz x + b_iz + W_hz h + b_hz)           how much is kept
    n = tanh(W_in x + b_in + r (W_hn h + b_hn))    the proposal
    h' = (1 - z) n + z h

Rows of the weights: r, z, n.
"""

from __future__ import annotations

from torch import Tensor, nn

from rnncore.cells import State, recur

STATES = 1
KEEPS: dict[int, int] = {1: 1}


def layer(input_size: int, hidden_size: int, *, bias: bool, nonlinearity: str) -> nn.GRU:
    """``nonlinearity`` belongs to the plain RNN and is not used."""
    return nn.GRU(input_size, hidden_size, bias=bias)


def step(layer: nn.GRU, projected: Tensor, state: State) -> State:
    """One step: ``projected`` is ``(batch, 3 · hidden)``, see :func:`rnncore.cells.project`."""
    (h,) = state
    r_x, z_x, n_x = projected.chunk(3, dim=-1)
    r_h, z_h, n_h = recur(layer, h).chunk(3, dim=-1)
    z = (z_x + z_h).sigmoid()
    n = (n_x + (r_x + r_h).sigmoid() * n_h).tanh()
    return ((1 - z) * n + z * h,)
