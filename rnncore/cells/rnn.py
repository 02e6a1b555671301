"""The plain recurrent network of J. Elman, "Finding structure in time", Cognitive Science 14 (1990).

::

    h' = φ(W_ih x + b_ih + W_hh h + b_hh)          φ = tanh or ReLU

Its gradient is a product of one matrix a step: below 1 it vanishes, above 1 it explodes (Bengio et al. 1994).
"""

from __future__ import annotations

from torch import Tensor, nn

from rnncore.cells import State, recur

STATES = 1


def layer(input_size: int, hidden_size: int, *, bias: bool, nonlinearity: str) -> nn.RNN:
    return nn.RNN(input_size, hidden_size, bias=bias, nonlinearity=nonlinearity)


def step(layer: nn.RNN, projected: Tensor, state: State) -> State:
    """One step: ``projected`` is ``(batch, hidden)``, see :func:`rnncore.cells.project`."""
    total = projected + recur(layer, state[0])
    return (total.relu() if layer.nonlinearity == "relu" else total.tanh(),)
