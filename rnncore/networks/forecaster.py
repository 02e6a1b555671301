"""Series to its future: a window of the past is read, the quantiles of the steps after it are forecast.

The stack reads the window in *segments*, several steps side by side as one input (Lin et al. 2023, "SegRNN"): a long
lookback then takes few steps of recurrence, which trains faster and forecasts better than step by step. Where
``centred``, it reads differences to the window's last value and forecasts differences to it, so that a level never seen
before does no harm (Zeng et al. 2023, "Are transformers effective for time series forecasting?", NLinear).

::

    direct      window (lookback, batch, columns + known) → segments → stack → last state
                  → head: all steps, columns and quantiles at once
                  + window → a line to each step, the same for every column and quantile (the autoregressive part of
                    Lai et al. 2018, "LSTNet"): on short series it is most of the forecast
                  + where there are known columns, for each step what is known of it, seen with the state
    recursive   one step at a time: state, what is known of the next step → quantiles of the next value;
                  paths are drawn from them, each value read back in (Salinas et al. 2020, "DeepAR")
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnncore.data.windows import KNOWN_UNITS
from rnncore.networks.stack import Stack


class DirectForecaster(nn.Module):
    """All steps of the horizon at once. Values are scaled; the first ``columns`` of what is read are forecast."""

    def __init__(
        self, *, columns: int, known: int, lookback: int, horizon: int, quantiles: int, segment: int, centred: bool,
        cell: str, hidden_size: int, num_layers: int, dropout: float, bidirectional: bool, bias: bool,
        nonlinearity: str,
    ) -> None:  # fmt: skip
        super().__init__()
        self.columns, self.segment, self.centred = columns, segment, centred
        self.shape = horizon, columns, quantiles
        self.rnn = Stack(
            cell, segment * (columns + known), hidden_size, num_layers, dropout=dropout, bias=bias,
            nonlinearity=nonlinearity, bidirectional=bidirectional, context=-(-lookback // segment),
        )  # fmt: skip
        self.head = nn.Linear(self.rnn.output_size, horizon * columns * quantiles)
        # Before the first step it says that all stays as it is: the best guess of one that knows nothing.
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.line = nn.Linear(lookback, horizon, bias=False)
        nn.init.zeros_(self.line.weight)
        self.mix = nn.Linear(self.rnn.output_size + known, KNOWN_UNITS) if known else None
        self.ahead = nn.Linear(KNOWN_UNITS, columns * quantiles, bias=False) if known else None
        if self.ahead is not None:
            nn.init.zeros_(self.ahead.weight)

    def forward(self, read: Tensor, known: Tensor) -> tuple[Tensor, None]:
        """Quantiles ``(horizon, batch, columns, quantiles)``, float32, of windows ``read``
        ``(lookback, batch, columns + known)`` whose future has ``known`` ``(horizon, batch, known)``."""
        level = _level(read, self.columns, self.centred)
        inputs = torch.cat([read[..., : self.columns] - level, read[..., self.columns :]], 2)
        return self._quantiles(inputs, known) + level[..., None], None

    def score(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """The sum of the forecasts' sizes, ``(batch, 1)``, of windows that are centred already and of which nothing is
        known ahead: what a gradient is taken of."""
        known = inputs.new_zeros(self.shape[0], inputs.shape[1], inputs.shape[2] - self.columns)
        return self._quantiles(inputs, known).abs().sum((0, 2, 3)).unsqueeze(1)

    def _quantiles(self, inputs: Tensor, known: Tensor) -> Tensor:
        horizon, columns, quantiles = self.shape
        state = self._state(segments(inputs.to(self.head.weight.dtype), self.segment))
        found = self.head(state).view(-1, horizon, columns, quantiles).transpose(0, 1)
        values = inputs[..., :columns].to(state.dtype)
        found = found + torch.einsum("tbc,ht->hbc", values, self.line.weight).unsqueeze(-1)
        if self.mix is not None:
            both = torch.cat([state.expand(horizon, *state.shape), known.to(state.dtype)], 2)
            found = found + self.ahead(self.mix(both).relu()).view(found.shape)
        return found.float()

    def _state(self, segments: Tensor) -> Tensor:
        """What is in mind after the window, of both directions: ``(batch, output)``, dropped out."""
        outputs, _ = self.rnn.read(segments)
        size = self.rnn.hidden_size
        return torch.cat([outputs[-1, :, :size], outputs[0, :, size:]], 1)


class RecursiveForecaster(nn.Module):
    """One step at a time, each reading the value before it and what is known of the step itself."""

    def __init__(
        self, *, columns: int, known: int, lookback: int, quantiles: int, centred: bool, cell: str, hidden_size: int,
        num_layers: int, dropout: float, bias: bool, nonlinearity: str,
    ) -> None:  # fmt: skip
        super().__init__()
        self.columns, self.centred = columns, centred
        self.shape = columns, quantiles
        self.rnn = Stack(
            cell, columns + known, hidden_size, num_layers, dropout=dropout, bias=bias, nonlinearity=nonlinearity,
            context=lookback,
        )  # fmt: skip
        self.head = nn.Linear(hidden_size, columns * quantiles)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, read: Tensor, known: Tensor, truth: Tensor) -> tuple[Tensor, None]:
        """Quantiles of each step ahead, ``(horizon, batch, columns, quantiles)``, float32, where the steps before it
        are known: ``read`` ``(lookback, batch, columns + known)``, ``known`` ``(horizon, batch, known)``, ``truth``
        ``(horizon, batch, columns)``, of which the last is not looked at."""
        level = self._level(read)
        values = torch.cat([read[..., : self.columns], truth[:-1]])
        ahead = torch.cat([read[1:, :, self.columns :], known])
        outputs, _ = self.rnn.read(torch.cat([values - level, ahead], 2).to(self.head.weight.dtype))
        return self._quantiles(outputs[len(read) - 1 :], values[len(read) - 1 :]), None

    def score(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """As of the direct one: of the one step after the window."""
        outputs, _ = self.rnn.read(inputs.to(self.head.weight.dtype))
        return self._quantiles(outputs[-1:], inputs[-1:, :, : self.columns]).abs().sum((0, 2, 3)).unsqueeze(1)

    def paths(self, read: Tensor, known: Tensor, chance: Tensor, levels: Tensor) -> Tensor:
        """Futures ``(horizon, batch · paths, columns)`` drawn step by step; paths of one window stand together.

        ``read``: ``(lookback, batch, columns + known)``; ``known``: ``(horizon, batch, known)``; ``chance``:
        ``(horizon, paths, columns)`` in (0, 1), which places in the distribution each path takes; ``levels``:
        ``(quantiles,)`` that the network forecasts.
        """
        horizon, count, _ = chance.shape
        columns = self.columns
        level = self._level(read)
        after = torch.cat([read[1:, :, columns:], known[:1]])
        inputs = torch.cat([read[..., :columns] - level, after], 2)
        outputs, carry = self.rnn.read(inputs.to(self.head.weight.dtype))
        carry = tuple(tuple(item.repeat_interleave(count, 0) for item in state) for state in carry)
        output = outputs[-1:].repeat_interleave(count, 1)
        value, level = (item.repeat_interleave(count, 0) for item in (read[-1, :, :columns], level))
        found = []
        for step in range(horizon):
            quantiles = self._quantiles(output, value.unsqueeze(0))[0]  # (batch · paths, columns, quantiles)
            place = chance[step].repeat(len(value) // count, 1)  # (batch · paths, columns)
            value = drawn(quantiles.sort(-1).values, levels, place)
            found.append(value)
            if step + 1 < horizon:
                following = known[step + 1].repeat_interleave(count, 0)
                x = torch.cat([value - level, following], 1).to(self.head.weight.dtype)
                output, carry = self.rnn(x.unsqueeze(0), carry)
        return torch.stack(found)

    def _level(self, read: Tensor) -> Tensor:
        return _level(read, self.columns, self.centred)

    def _quantiles(self, outputs: Tensor, values: Tensor) -> Tensor:
        """A step's change is forecast: the value itself is added."""
        return self.head(outputs).view(*outputs.shape[:2], *self.shape).float() + values.unsqueeze(-1)


def drawn(quantiles: Tensor, levels: Tensor, place: Tensor) -> Tensor:
    """The values ``(batch, columns)`` at the places ``place`` of distributions whose ``quantiles``
    ``(batch, columns, levels)`` rise: straight lines between them, and on beyond the outer two."""
    above = torch.searchsorted(levels, place).clamp(1, len(levels) - 1)
    low, high = levels[above - 1], levels[above]
    share = ((place - low) / (high - low)).unsqueeze(-1)
    below = quantiles.gather(-1, above.unsqueeze(-1) - 1)
    return torch.lerp(below, quantiles.gather(-1, above.unsqueeze(-1)), share).squeeze(-1)


def _level(read: Tensor, columns: int, centred: bool) -> Tensor:
    """What is taken off a window's values and added to its forecast, ``(batch, columns)``: the last ones, or zero."""
    last = read[-1, :, :columns]
    return last if centred else torch.zeros_like(last)


def segments(inputs: Tensor, segment: int) -> Tensor:
    """``(time, batch, features)`` as ``(time / segment, batch, segment · features)``; the first segment is filled up
    with zeros in front."""
    inputs = F.pad(inputs, (0, 0, 0, 0, -len(inputs) % segment, 0))
    time, batch, features = inputs.shape
    return inputs.view(time // segment, segment, batch, features).transpose(1, 2).reshape(
        time // segment, batch, segment * features
    )  # fmt: skip
