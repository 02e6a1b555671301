"""Linear recurrences over all time steps at once: what trains the cells whose gates do not see the last output.

::

    h_t = keep_t h_{t-1} + write_t          keep between 0 and 1

The scan has two levels (G. Blelloch, "Prefix sums and their applications", 1990): the time is cut into about √T
pieces, which go on side by side from zero; then each piece gets what the one before it ends with, times what is kept
until there. That is 2 √T calls instead of T, and only products and sums of numbers that the recurrence has anyway:
nothing is divided by a product that has become tiny, which is what other scans go to log space for. So the state may
have any sign and be zero. The gradient is the same scan, backwards.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt, sqrt
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from rnncore import cells

Coefficients = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From what the input adds to every gate, ``(…, gates · hidden)``, to ``keep`` and ``write``, ``(…, hidden)``."""


class ScanLayer(nn.Module):
    """One layer, called like a single-layer ``nn.GRU``. It has no recurrent weights: ``weight_ih_l0``, ``bias_ih_l0``.

    Gates and scan are computed in float32 at least.
    """

    def __init__(
        self, coefficients: Coefficients, gates: int, input_size: int, hidden_size: int, *, bias: bool
    ) -> None:
        super().__init__()
        self.coefficients = coefficients
        self.hidden_size, self.bias = hidden_size, bias
        bound = 1 / sqrt(hidden_size)
        self.weight_ih_l0 = nn.Parameter(torch.empty(gates * hidden_size, input_size).uniform_(-bound, bound))
        if bias:
            self.bias_ih_l0 = nn.Parameter(torch.empty(gates * hidden_size).uniform_(-bound, bound))

    def forward(self, x: Tensor, first: Tensor) -> tuple[Tensor, Tensor]:
        """``x`` ``(time, batch, input)``, ``first`` ``(1, batch, hidden)``: all outputs, and the last."""
        projected = cells.project(self, x)
        keep, write = self.coefficients(widened(projected))
        h = scan(keep, write, first[0].to(keep.dtype)).to(projected.dtype)
        return h, h[-1:]


def step(layer: ScanLayer, projected: Tensor, state: cells.State) -> cells.State:
    """One step: ``projected`` is ``(batch, gates · hidden)``, see :func:`rnncore.cells.project`."""
    keep, write = layer.coefficients(widened(projected))
    return ((keep * state[0] + write).to(projected.dtype),)


def widened(x: Tensor) -> Tensor:
    """In float32 where the type is narrower."""
    return x.float() if x.element_size() < 4 else x


def positive(x: Tensor) -> Tensor:
    """x + ½ from 0 on, below it σ(x): the ``g`` of Feng et al., what the state is written from."""
    return torch.where(x >= 0, x + 0.5, x.sigmoid())


def scan(keep: Tensor, write: Tensor, first: Tensor) -> Tensor:
    """All ``h_t`` of ``h_t = keep_t h_{t-1} + write_t``, ``(time, batch, hidden)``; ``first``: ``(batch, hidden)``."""
    return _Scan.apply(keep, write, first)


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, keep: Tensor, write: Tensor, first: Tensor) -> Tensor:
        h = _scanned(keep, write, first)
        ctx.save_for_backward(keep, first, h)
        return h

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """With d_t, the gradient of all that follows at h_t: d_t = gradient_t + keep_{t+1} d_{t+1}."""
        keep, first, h = ctx.saved_tensors
        until = keep.roll(-1, 0).flip(0)  # its first row meets a state of zero
        d = _scanned(until, gradient.flip(0), torch.zeros_like(first)).flip(0)
        return d * torch.cat([first.unsqueeze(0), h[:-1]]), d, keep[0] * d[0]


def _scanned(keep: Tensor, write: Tensor, h: Tensor) -> Tensor:
    length = isqrt(len(keep))
    whole = len(keep) - len(keep) % length
    found = write.clone(memory_format=torch.contiguous_format)
    pieces = found[:whole].unflatten(0, (-1, length))  # (piece, step, batch, hidden)
    each = keep[:whole].unflatten(0, (-1, length))
    kept = each.clone(memory_format=torch.contiguous_format)  # since the piece began
    for time in range(1, length):
        pieces[:, time].addcmul_(each[:, time], pieces[:, time - 1])
        kept[:, time].mul_(kept[:, time - 1])
    for piece, share in zip(pieces, kept, strict=True):
        piece.addcmul_(share, h)
        h = piece[-1]
    for time in range(whole, len(keep)):
        h = found[time].addcmul_(keep[time], h)
    return found
