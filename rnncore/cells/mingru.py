"""The minimal gated recurrent unit: L. Feng, F. Tung, M. Ahmed, Y. Bengio and H. Hajimirsadeghi, "Were RNNs all we
needed?", 2024, arXiv:2410.01201, section 3.1.

::

    z = σ(W_z x + b_z)                  how much is written
    n = g(W_n x + b_n)                  the proposal; g(x) = x + ½ from 0 on, below it σ(x) (appendix B)
    h' = (1 - z) h + z n

No gate sees the last output, so all time steps are computed at once (:mod:`rnncore.cells.scan`). Rows of the weights:
z, n. Note that z writes, where the GRU's keeps.
"""

from __future__ import annotations

from torch import Tensor

from rnncore.cells.scan import ScanLayer, positive, step

__all__ = ["KEEPS", "STATES", "layer", "step"]

STATES = 1
KEEPS: dict[int, int] = {0: -1}


def layer(input_size: int, hidden_size: int, *, bias: bool, nonlinearity: str) -> ScanLayer:
    """``nonlinearity`` belongs to the plain RNN and is not used."""
    return ScanLayer(_coefficients, 2, input_size, hidden_size, bias=bias)


def _coefficients(projected: Tensor) -> tuple[Tensor, Tensor]:
    z, n = projected.chunk(2, dim=-1)
    return (-z).sigmoid(), z.sigmoid() * positive(n)
