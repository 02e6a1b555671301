"""Recurrent layers on top of each other, with dropout after each.

Every layer is a single-layer PyTorch module of its own: dropout stays outside of ``nn.LSTM``, where cuDNN would keep a
random state that no checkpoint holds. ``state_dict()`` nevertheless speaks the names of one ``nn.LSTM(num_layers=…)``
(``weight_ih_l0``, ``weight_hh_l1``, ``weight_ih_l0_reverse`` …), so that a checkpoint loads straight into one.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnncore import cells
from rnncore.cells import State
from rnncore.networks.padding import Ends

Carry = tuple[State, ...]
"""One state a layer; of a bidirectional stack two, forwards and reverse."""

# A chunk with few resets is cut at each and runs in fast pieces; with more, steps written out are cheaper.
STEPS_A_PIECE = 8


class Stack(nn.Module):
    """``num_layers`` layers of one cell: ``Stack("lstm", …)`` gives a :class:`Recurrent` stack, ``Stack("transformer",
    …)`` a :class:`rnncore.networks.transformer.Transformer`, as ``pathlib.Path`` gives a path of the system's kind.

    A stream is read chunk after chunk (:meth:`forward`), records whole (:meth:`read`). Gives ``output_size`` numbers a
    step: of a bidirectional recurrent stack, the forward direction's ``hidden_size`` and then as many of the reverse
    one. ``context``: how many steps a transformer looks back; other cells need none.
    """

    bidirectional: bool
    hidden_size: int
    output_size: int

    def __new__(cls, cell: str = "", *unused: Any, **more: Any) -> Stack:
        if cls is Stack:
            cls = import_module("rnncore.networks.transformer").Transformer if cell == "transformer" else Recurrent
        return super().__new__(cls)

    def zero_carry(self, batch: int) -> Carry:
        """The carry of streams that have read nothing yet, in the device and type of the weights."""
        raise NotImplementedError

    def forward(self, x: Tensor, carry: Carry, resets: Tensor | None = None) -> tuple[Tensor, Carry]:
        """Run all layers over a chunk: ``(time, batch, input_size)`` to ``(time, batch, hidden_size)`` and the carry
        after the last step.

        ``resets`` is ``(time, batch)``, boolean and on the CPU: where it is true, the stream's state is zeroed before
        that step is read. None means nowhere. Raises ValueError for a bidirectional stack: a stream's end is not known.
        """
        raise NotImplementedError

    def read(self, x: Tensor, lengths: Tensor | None = None, carry: Carry | None = None) -> tuple[Tensor, Carry]:
        """Run all layers over whole records ``x`` ``(time, batch, input_size)``, padded on the right.

        ``lengths`` ``(batch,)``: the steps of each, None where all are whole. Gives outputs
        ``(time, batch, output_size)``, zero beyond the lengths, and the states after the last step of each record
        (for the reverse direction that is its first step): a state a layer, or forwards and reverse of each layer.
        Equals ``nn.utils.rnn.pack_padded_sequence`` in outputs and gradients. Raises ValueError for lengths outside
        1 … time.
        """
        raise NotImplementedError

    def _refuse_streams(self) -> None:
        if self.bidirectional:
            raise ValueError("a bidirectional stack reads whole records alone: call read")


class Recurrent(Stack):
    """Layers of a cell of :mod:`rnncore.cells`, of a bidirectional stack ``reverse`` ones too."""

    def __init__(
        self, cell: str, input_size: int, hidden_size: int, num_layers: int,
        *, dropout: float = 0.0, bias: bool = True, nonlinearity: str = "tanh", bidirectional: bool = False,
        context: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.cell = cells.get(cell)
        self.hidden_size = hidden_size
        self.output_size = hidden_size * (2 if bidirectional else 1)
        self.dropout = dropout
        self.bidirectional = bidirectional
        sizes = [input_size] + [self.output_size] * (num_layers - 1)
        self.layers, self.reverse = (
            nn.ModuleList(self.cell.layer(size, hidden_size, bias=bias, nonlinearity=nonlinearity) for size in some)
            for some in (sizes, sizes if bidirectional else [])
        )
        self.register_state_dict_post_hook(_to_pytorch_names)
        self.register_load_state_dict_pre_hook(_from_pytorch_names)

    def zero_carry(self, batch: int) -> Carry:
        zero = self.layers[0].weight_ih_l0.new_zeros(batch, self.hidden_size)
        return ((zero,) * self.cell.STATES,) * (len(self.layers) + len(self.reverse))

    def forward(self, x: Tensor, carry: Carry, resets: Tensor | None = None) -> tuple[Tensor, Carry]:
        self._refuse_streams()
        after: list[State] = []
        for layer, state in zip(self.layers, carry, strict=True):
            x, state = self._layer(layer, x, state, resets)
            x = F.dropout(x, self.dropout, self.training)
            after.append(state)
        return x, tuple(after)

    def read(self, x: Tensor, lengths: Tensor | None = None, carry: Carry | None = None) -> tuple[Tensor, Carry]:
        ends = Ends(x, lengths)
        states = iter(self.zero_carry(x.shape[1]) if carry is None else carry)
        after: list[State] = []
        for index, layer in enumerate(self.layers):
            output, state = self._whole(layer, x, next(states), ends)
            after.append(state)
            if self.bidirectional:
                other, state = self._whole(self.reverse[index], ends.flip(x), next(states), ends)
                after.append(state)
                output = torch.cat([output, ends.flip(other)], 2)
            x = F.dropout(output, self.dropout, self.training)
        return x, tuple(after)

    def _whole(self, layer: nn.RNNBase, x: Tensor, state: State, ends: Ends) -> tuple[Tensor, State]:
        """One layer over records in one direction, and the state of each after its last step."""
        if ends.equal:
            return self._piece(layer, x, state)
        if isinstance(layer, nn.LSTM):
            output, memory = _held(layer, x, state, ends)
            return ends.cut(output), (ends.last(output), memory)
        output, _ = self._piece(layer, x, state)
        return ends.cut(output), (ends.last(output),)

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


HOLD = 1e4
"""So much on a gate opens or closes it wholly, in any type of number."""


def _held(layer: nn.LSTM, x: Tensor, state: State, ends: Ends) -> tuple[Tensor, Tensor]:
    """The outputs, and the memory that each record ends with.

    Beyond its end a record reads a 1 in one more channel, which closes the input gate and opens the forget gate. So
    the memory after all steps is the one after the last step that is there, and gradients pass as they are.
    """
    channel = layer.weight_ih_l0.new_zeros(4 * layer.hidden_size, 1)
    channel[: layer.hidden_size] = -HOLD
    channel[layer.hidden_size : 2 * layer.hidden_size] = HOLD
    weights = [torch.cat([layer.weight_ih_l0, channel], 1), layer.weight_hh_l0]
    if layer.bias:
        weights += [layer.bias_ih_l0, layer.bias_hh_l0]
    x = torch.cat([x, ends.beyond.to(x.dtype)], 2)
    first = [item.unsqueeze(0) for item in state]
    output, _, memory = torch.lstm(x, first, weights, layer.bias, 1, 0.0, layer.training, False, False)
    return output, memory[0]


def _zeroed(state: State, where: Tensor) -> State:
    """The state with the streams zeroed that ``where``, boolean and ``(batch,)``, names."""
    return tuple(item.masked_fill(where.unsqueeze(1), 0) for item in state)


def _to_pytorch_names(module: nn.Module, state: dict[str, Any], prefix: str, metadata: Any) -> None:
    """``layers.1.weight_ih_l0`` becomes ``weight_ih_l1``, ``reverse.1.weight_ih_l0`` ``weight_ih_l1_reverse``."""
    for name in [name for name in state if name.startswith((f"{prefix}layers.", f"{prefix}reverse."))]:
        way, index, kind = re.fullmatch(r"(layers|reverse)\.(\d+)\.(\w+)_l0", name.removeprefix(prefix)).groups()
        state[f"{prefix}{kind}_l{index}{'_reverse' if way == 'reverse' else ''}"] = state.pop(name)


def _from_pytorch_names(module: nn.Module, state: dict[str, Any], prefix: str, *unused: Any) -> None:
    """``weight_ih_l1`` becomes ``layers.1.weight_ih_l0``."""
    for name in [name for name in state if name.startswith(prefix)]:
        if found := re.fullmatch(r"(\w+)_l(\d+)(_reverse)?", name.removeprefix(prefix)):
            way = "reverse" if found[3] else "layers"
            state[f"{prefix}{way}.{found[2]}.{found[1]}_l0"] = state.pop(name)
