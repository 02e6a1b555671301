"""The recurrent cells: one file each, all with the same two functions.

``layer(input_size, hidden_size, bias=…, nonlinearity=…)``
    the fast single layer that trains, a PyTorch module that reads ``(time, batch, feature)`` and is called as a
    single-layer ``nn.GRU`` or, with two states, ``nn.LSTM`` is;
``step(layer, projected, state)``
    one time step with the same weights, written out as in the paper. It carries tests, resets inside a chunk, and
    whoever wants to look at a gate.

``KEEPS``
    of a cell with gates: by number, those that keep the state when they are large (1) or write over it (-1).

A *state* is a tuple of tensors ``(batch, hidden)``, as many as ``STATES`` says; its first entry is the output.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from torch import Tensor, nn
from torch.nn import functional as F

State = tuple[Tensor, ...]


def get(name: str) -> ModuleType:
    """The module of a cell that :data:`rnncore.catalog.CELLS` lists."""
    return import_module(f"rnncore.cells.{name}")


def project(layer: nn.Module, x: Tensor) -> Tensor:
    """What the input adds to every gate, for all time steps at once: ``(…, input)`` to ``(…, gates · hidden)``."""
    return F.linear(x, layer.weight_ih_l0, layer.bias_ih_l0 if layer.bias else None)


def recur(layer: nn.RNNBase, h: Tensor) -> Tensor:
    """What the last output adds to every gate: ``(batch, hidden)`` to ``(batch, gates · hidden)``."""
    return F.linear(h, layer.weight_hh_l0, layer.bias_hh_l0 if layer.bias else None)
