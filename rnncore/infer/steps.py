"""One time step of each cell, written for one sequence and called millions of times.

A class a recurrent cell (:mod:`rnncore.infer.attending` has the transformer). It takes the weights of a layer as
PyTorch lays them out and prepares them once: biases that only ever meet are added up, and the rows of sigmoid gates are
halved, because σ(x) = ½ + ½ tanh(x/2) lets one call of tanh serve all gates of an LSTM. Equations and papers stand in
:mod:`rnncore.cells`, whose numbers these equal.

``project(x)``
    what the input adds to every gate: ``(…, input)`` to ``(…, gates · hidden)``, for any number of steps at once; of a
    cell whose gates see nothing else, what they come to;
``step(projected, state)``
    one step: changes ``state`` ``(STATES, hidden)`` in place. Its first row is the output.

A layer owns buffers: two threads must not step the same one.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class Layer(Protocol):
    """``GATES``: rows of the weights a unit. ``RECURRENT``: the last output counts; else ``weight_hh`` is None."""

    STATES: int
    GATES: int
    RECURRENT: bool

    def __init__(
        self, weight_ih: Array, weight_hh: Array | None, bias_ih: Array, bias_hh: Array, *, nonlinearity: str
    ) -> None: ...

    def project(self, x: Array) -> Array: ...

    def step(self, projected: Array, state: Array) -> None: ...


class Rnn:
    STATES = 1
    GATES = 1
    RECURRENT = True

    def __init__(
        self, weight_ih: Array, weight_hh: Array, bias_ih: Array, bias_hh: Array, *, nonlinearity: str
    ) -> None:
        self.weight_ih, self.weight_hh = weight_ih, weight_hh
        self.bias = bias_ih + bias_hh
        self.relu = nonlinearity == "relu"
        self.total = np.empty_like(self.bias)

    def project(self, x: Array) -> Array:
        return x @ self.weight_ih.T + self.bias

    def step(self, projected: Array, state: Array) -> None:
        h, total = state[0], self.total
        np.dot(self.weight_hh, h, out=total)
        total += projected
        if self.relu:
            np.maximum(total, 0, out=h)
        else:
            np.tanh(total, out=h)


class Lstm:
    STATES = 2
    GATES = 4
    RECURRENT = True

    def __init__(
        self, weight_ih: Array, weight_hh: Array, bias_ih: Array, bias_hh: Array, *, nonlinearity: str
    ) -> None:
        size = weight_hh.shape[1]
        self.scale = np.repeat(np.array([0.5, 0.5, 1, 0.5], weight_hh.dtype), size)
        self.shift = 1 - self.scale
        self.weight_ih = weight_ih * self.scale[:, None]
        self.weight_hh = weight_hh * self.scale[:, None]
        self.bias = (bias_ih + bias_hh) * self.scale
        self.gates = np.empty_like(self.bias)
        self.i, self.f, self.g, self.o = self.gates.reshape(4, size)
        self.work = np.empty_like(self.i)

    def project(self, x: Array) -> Array:
        return x @ self.weight_ih.T + self.bias

    def step(self, projected: Array, state: Array) -> None:
        (h, c), gates, work = state, self.gates, self.work
        np.dot(self.weight_hh, h, out=gates)
        gates += projected
        np.tanh(gates, out=gates)
        gates *= self.scale
        gates += self.shift
        c *= self.f
        np.multiply(self.i, self.g, out=work)
        c += work
        np.tanh(c, out=work)
        np.multiply(self.o, work, out=h)


class Gru:
    STATES = 1
    GATES = 3
    RECURRENT = True

    def __init__(
        self, weight_ih: Array, weight_hh: Array, bias_ih: Array, bias_hh: Array, *, nonlinearity: str
    ) -> None:
        size = weight_hh.shape[1]
        scale = np.repeat(np.array([0.5, 0.5, 1], weight_hh.dtype), size)
        self.weight_ih = weight_ih * scale[:, None]
        self.weight_hh = weight_hh * scale[:, None]
        self.bias = bias_ih * scale
        self.bias[: 2 * size] += bias_hh[: 2 * size] / 2
        self.bias_n = bias_hh[2 * size :].copy()
        self.gates = np.empty_like(self.bias)
        self.rz, self.n = self.gates[: 2 * size], self.gates[2 * size :]
        self.r, self.z = self.rz.reshape(2, size)

    def project(self, x: Array) -> Array:
        return x @ self.weight_ih.T + self.bias

    def step(self, projected: Array, state: Array) -> None:
        h, rz, n = state[0], self.rz, self.n
        np.dot(self.weight_hh, h, out=self.gates)
        rz += projected[: rz.size]
        np.tanh(rz, out=rz)
        rz *= 0.5
        rz += 0.5
        n += self.bias_n
        n *= self.r
        n += projected[rz.size :]
        np.tanh(n, out=n)
        h -= n
        h *= self.z
        h += n


class _Minimal:
    """The cells whose gates see the input alone: projecting does all but ``h' = keep h + write``."""

    STATES = 1
    GATES: int
    RECURRENT = False

    def __init__(
        self, weight_ih: Array, weight_hh: Array | None, bias_ih: Array, bias_hh: Array, *, nonlinearity: str
    ) -> None:
        self.weight_ih, self.bias = weight_ih, bias_ih
        self.size = len(bias_ih) // self.GATES

    def project(self, x: Array) -> Array:
        """``keep`` and ``write`` side by side: ``(…, 2 · hidden)``."""
        gates = x @ self.weight_ih.T + self.bias
        keep, write, n = self._shares(*(gates[..., k * self.size : (k + 1) * self.size] for k in range(self.GATES)))
        return np.concatenate([keep, write * np.where(n >= 0, n + 0.5, _sigmoid(n))], -1)

    def step(self, projected: Array, state: Array) -> None:
        h = state[0]
        h *= projected[: self.size]
        h += projected[self.size :]

    def _shares(self, *gates: Array) -> tuple[Array, Array, Array]:
        """How much is kept, how much is written, and the proposal."""
        raise NotImplementedError


class MinGru(_Minimal):
    GATES = 2

    def _shares(self, *gates: Array) -> tuple[Array, Array, Array]:
        z, n = gates
        return _sigmoid(-z), _sigmoid(z), n


class MinLstm(_Minimal):
    GATES = 3

    def _shares(self, *gates: Array) -> tuple[Array, Array, Array]:
        i, f, n = gates
        difference = np.logaddexp(0, -i) - np.logaddexp(0, -f)
        return _sigmoid(difference), _sigmoid(-difference), n


def _sigmoid(x: Array) -> Array:
    return 0.5 + 0.5 * np.tanh(0.5 * x)


CELLS: dict[str, type[Layer]] = {"rnn": Rnn, "lstm": Lstm, "gru": Gru, "mingru": MinGru, "minlstm": MinLstm}
