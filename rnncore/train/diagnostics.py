"""How far back a network looks, and how close it is to its limits. Draws no random numbers and changes nothing."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnncore import catalog
from rnncore.networks.stack import Carry

SATURATED = 0.95
"""An output beyond this hardly passes a gradient on: the slope of tanh is below 0.1 there."""

REACH = 0.01
"""Of the strongest lag's gradient: what is weaker counts as forgotten."""


def gradient_by_lag(network: nn.Module, tokens: Tensor, targets: Tensor) -> list[tuple[int, float]]:
    """The norm of the gradient of the last step's loss at what was read 0, 1, 2, 4, 8 … steps before.

    ``tokens``, ``targets``: ``(time, batch)``; the norm is the mean over the batch. Runs in float32, without dropout.
    """
    training = network.training
    network.eval()
    try:
        with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):  # cuDNN gives no gradient in eval mode
            x = network.embedding(tokens).detach().requires_grad_()
            h, _ = network.rnn(x, network.rnn.zero_carry(tokens.shape[1]))
            scores = network.head(h[-1], network.embedding.weight)
            (gradient,) = torch.autograd.grad(F.cross_entropy(scores, targets[-1], reduction="sum"), x)
    finally:
        network.train(training)
    norms = gradient.norm(dim=2).mean(dim=1).flip(0).tolist()
    lags = [0, *(2**power for power in range(len(norms).bit_length()) if 2**power < len(norms))]
    return [(lag, norms[lag]) for lag in lags]


def effective_lag(by_lag: list[tuple[int, float]]) -> float | None:
    """The largest lag whose gradient is at least :data:`REACH` of the strongest one's; None where there is none."""
    strongest = max((norm for _, norm in by_lag), default=0.0)
    reached = [lag for lag, norm in by_lag if norm >= REACH * strongest > 0]
    return float(max(reached)) if reached else None


def saturation(carry: Carry | None, cell: str) -> float | None:
    """The share of outputs in the carry that are beyond :data:`SATURATED`; None where the cell has no such limit."""
    if carry is None or not catalog.CELLS[cell].bounded:
        return None
    outputs = torch.stack([state[0] for state in carry])
    return (outputs.abs() > SATURATED).float().mean().item()


def gradient_to_the_end(network: nn.Module, embedded: Tensor, lengths: Tensor) -> list[tuple[int, float]]:
    """The same for whole records: the norm of the gradient of the highest score at what was read 0, 1, 2, 4 … steps
    before the end of each, as the mean over the records that are so long.

    ``embedded``: ``(time, batch, feature)``, ``lengths``: ``(batch,)``; ``network.score`` takes both.
    """
    training = network.training
    network.eval()
    try:
        with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
            x = embedded.detach().float().requires_grad_()
            (gradient,) = torch.autograd.grad(network.score(x, lengths).amax(1).sum(), x)
    finally:
        network.train(training)
    norms, ends, found = gradient.norm(dim=2), lengths - 1, []
    for lag in [0, *(2**power for power in range(len(x).bit_length()) if 2**power < len(x))]:
        long = (ends >= lag).nonzero().flatten()
        if len(long):
            found.append((lag, norms[ends[long] - lag, long].mean().item()))
    return found
