"""Where the weights start. ``default`` is what PyTorch does; the other two change the recurrent part of a stack."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from rnncore.networks.stack import Stack


def initialize(stack: Stack, init: str, *, memory: int) -> None:
    """Set the recurrent weights of ``stack`` in place, drawing from torch's global generator.

    ``init``: one that :data:`rnncore.catalog.CELLS` names for the cell. ``memory`` is the longest time span in steps
    that chrono prepares the gates for.
    """
    if init == "default":
        return
    for layer in (*stack.layers, *stack.reverse):
        if init == "orthogonal":
            _orthogonal(layer)
        else:
            _chrono(layer, stack.cell.KEEPS, memory)


@torch.no_grad()
def _orthogonal(layer: nn.RNNBase) -> None:
    """Saxe et al., ICLR 2014: each gate's recurrent matrix keeps the length of the state. Biases start at zero."""
    for block in layer.weight_hh_l0.split(layer.hidden_size):
        nn.init.orthogonal_(block)
    if layer.bias:
        layer.bias_ih_l0.zero_()
        layer.bias_hh_l0.zero_()


@torch.no_grad()
def _chrono(layer: nn.Module, keeps: dict[int, int], memory: int) -> None:
    """Tallec and Ollivier, "Can recurrent neural networks warp time?", ICLR 2018.

    A gate that keeps with σ(b) forgets after about exp(b) steps: b = log u with u uniform in [1, memory - 1].
    """
    for name, bias in layer.named_parameters():
        if name.startswith("bias"):
            bias.zero_()
    keep = torch.empty(layer.hidden_size).uniform_(1, max(2, memory - 1)).log_()
    gates = layer.bias_ih_l0.view(-1, layer.hidden_size)
    for gate, sign in keeps.items():
        gates[gate] = sign * keep


@torch.no_grad()
def tied_embedding(weight: Tensor) -> None:
    """An embedding that is also the output matrix starts as small as an output matrix: PyTorch's N(0, 1) would
    give scores of the size of the hidden layer's root."""
    bound = 1 / math.sqrt(weight.shape[1])
    weight.uniform_(-bound, bound)
