"""Recurrent layers on top of each other, with dropout after each.

Every layer is a single-layer PyTorch module of its own: dropout stays outside of ``nn.LSTM``, where cuDNN would keep a
random state that no checkpoint holds. ``state_dict()`` nevertheless speaks the names of one ``nn.LSTM(num_layers=…)``
(``weight_ih_l0``, ``weight_hh_l1`` …), so that a checkpoint loads straight into one.
"""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnncore import cells
from rnncore.cells import State

Carry = tuple[State, ...]
"""One state a layer."""

# A chunk with few resets is cut at each and runs in fast pieces; with more, steps written out are cheaper.
STEPS_A_PIECE = 8


class Stack(nn.Module):
    """``num_layers`` layers of one cell.

    Reads ``(time, batch, input_size)``, gives ``(time, batch, hidden_size)`` and the carry after the last step.
    """

    def __init__(
        self, cell: str, input_size: int, hidden_size: int, num_layers: int,
        *, dropout: float = 0.0, bias: bool = True, nonlinearity: str = "tanh",
    ) -> None:  # fmt: skip
        super().__init__()
        self.cell = cells.get(cell)
        self.hidden_size = hidden_size
        self.dropout = dropout
        sizes = [input_size] + [hidden_size] * (num_layers - 1)
        self.layers = nn.ModuleList(
            self.cell.layer(size, hidden_size, bias=bias, nonlinearity=nonlinearity) for size in sizes
        )
        self.register_state_dict_post_hook(_to_pytorch_names)
        self.register_load_state_dict_pre_hook(_from_pytorch_names)

    def zero_carry(self, batch: int) -> Carry:
        """The carry of streams that have read nothing yet, in the device and type of the weights."""
        weight = self.layers[0].weight_hh_l0
        zero = weight.new_zeros(batch, self.hidden_size)
        return tuple((zero,) * self.cell.STATES for _ in self.layers)

    def forward(self, x: Tensor, carry: Carry, resets: Tensor | None = None) -> tuple[Tensor, Carry]:
        """Run all layers over a chunk.

        ``resets`` is ``(time, batch)``, boolean and on the CPU: where it is true, the stream's state is zeroed before
        that step is read. None means nowhere.
        """
        after: list[State] = []
        for layer, state in zip(self.layers, carry, strict=True):
            x, state = self._layer(layer, x, state, resets)
            x = F.dropout(x, self.dropout, self.training)
            after.append(state)
        return x, tuple(after)

    def _layer(self, layer: nn.RNNBase, x: Tensor, state: State, resets: Tensor | None) -> tuple[Tensor, State]:
        cuts = [] if resets is None else resets.any(dim=1).nonzero().flatten().tolist()
        if not cuts:
            return self._piece(layer, x, state)
        masks = resets.to(x.device)
        if len(cuts) * STEPS_A_PIECE > len(x):
            return self._written_out(layer, x, state, masks, set(cuts))
        outputs = []
        for start, end in zip([0, *cuts], [*cuts, len(x)], strict=True):
            if start in cuts:
                state = _zeroed(state, masks[start])
            if start < end:
                output, state = self._piece(layer, x[start:end], state)
                outputs.append(output)
        return torch.cat(outputs), state

    def _piece(self, layer: nn.RNNBase, x: Tensor, state: State) -> tuple[Tensor, State]:
        """The fast way: PyTorch's own loop over time."""
        if self.cell.STATES == 1:
            output, h = layer(x, state[0].unsqueeze(0))
            return output, (h[0],)
        output, after = layer(x, tuple(item.unsqueeze(0) for item in state))
        return output, tuple(item[0] for item in after)

    def _written_out(
        self, layer: nn.RNNBase, x: Tensor, state: State, masks: Tensor, cuts: set[int]
    ) -> tuple[Tensor, State]:
        """The same step by step, with the state zeroed wherever ``masks`` says so."""
        outputs = []
        for time, projected in enumerate(cells.project(layer, x)):
            if time in cuts:
                state = _zeroed(state, masks[time])
            state = self.cell.step(layer, projected, state)
            outputs.append(state[0])
        return torch.stack(outputs), state


def _zeroed(state: State, where: Tensor) -> State:
    """The state with the streams zeroed that ``where``, boolean and ``(batch,)``, names."""
    return tuple(item.masked_fill(where.unsqueeze(1), 0) for item in state)


def _to_pytorch_names(module: nn.Module, state: dict[str, Any], prefix: str, metadata: Any) -> None:
    """``layers.1.weight_ih_l0`` becomes ``weight_ih_l1``."""
    for name in [name for name in state if name.startswith(f"{prefix}layers.")]:
        index, kind = re.fullmatch(r"layers\.(\d+)\.(\w+)_l0", name.removeprefix(prefix)).groups()
        state[f"{prefix}{kind}_l{index}"] = state.pop(name)


def _from_pytorch_names(module: nn.Module, state: dict[str, Any], prefix: str, *unused: Any) -> None:
    """``weight_ih_l1`` becomes ``layers.1.weight_ih_l0``."""
    for name in [name for name in state if name.startswith(prefix)]:
        if found := re.fullmatch(r"(\w+)_l(\d+)", name.removeprefix(prefix)):
            state[f"{prefix}layers.{found[2]}.{found[1]}_l0"] = state.pop(name)
