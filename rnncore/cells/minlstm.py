"""The minimal LSTM: L. Feng, F. Tung, M. Ahmed, Y. Bengio and H. Hajimirsadeghi, "Were RNNs all we needed?", 2024,
arXiv:2410.01201, section 3.2.

::

    i = σ(W_i x + b_i)                  what is let in
    f = σ(W_f x + b_f)                  what is kept
    n = g(W_n x + b_n)                  the proposal; g(x) = x + ½ from 0 on, below it σ(x) (appendix B)
    h' = (f h + i n) / (f + i)

Both gates are divided by their sum: the size of the state does not depend on the length of the sequence. No gate sees
the last output, so all time steps are computed at once (:mod:`rnncore.cells.scan`). Rows of the weights: i, f, n.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from rnncore.cells.scan import ScanLayer, positive, step

__all__ = ["KEEPS", "STATES", "layer", "step"]

STATES = 1
KEEPS: dict[int, int] = {0: -1, 1: 1}


def layer(input_size: int, hidden_size: int, *, bias: bool, nonlinearity: str) -> ScanLayer:
    """``nonlinearity`` belongs to the plain RNN and is not used."""
    return ScanLayer(_coefficients, 3, input_size, hidden_size, bias=bias)


def _coefficients(projected: Tensor) -> tuple[Tensor, Tensor]:
    """f / (f + i) = σ(log f - log i), where log σ(x) = -softplus(-x)."""
    i, f, n = projected.chunk(3, dim=-1)
    difference = F.softplus(-i) - F.softplus(-f)
    return difference.sigmoid(), (-difference).sigmoid() * positive(n)
