"""What a forecasting network says of windows: run in batches, measured, reported, drawn as samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnncore.data import times
from rnncore.data.autoregression import Scales
from rnncore.data.backtest import Backtest
from rnncore.data.windows import LEVELS, PATHS, Scale, Series, Windows
from rnncore.tasks import Forward, Measured
from rnncore.tasks.records import moved

EVALUATION_STEPS = 2**16
"""Time steps of lookback, paths included, that are read side by side; it changes speed and memory, not the value."""

WINDOWS, WORST = 12, 8
"""Windows that a report shows."""

SHOWN_STEPS = 400
"""Of a window, at most: the last of its lookback, the first of its horizon."""


@dataclass(frozen=True)
class Answering:
    """How quantiles come from a network: ``quantiles`` that are asked for, of a ``recursive`` network or a direct one.

    A recursive network's are those of :data:`PATHS` futures. Which places in the distributions they take is drawn once,
    from a seed of its own, the same for every window: a forecast depends on no batch and on no other random number.
    Several columns take their places independently of each other; what one step says of the next, the state carries.
    """

    quantiles: list[float]
    recursive: bool
    horizon: int
    columns: int

    @torch.no_grad()
    def __call__(self, forward: Forward, read: np.ndarray, known: np.ndarray, device: torch.device) -> np.ndarray:
        """Quantiles ``(horizon, batch, columns, quantiles)``, float64, rising: they are sorted, so that none cross.

        ``read``: ``(lookback, batch, columns + known)``, ``known``: ``(horizon, batch, known)``, scaled.
        """
        inputs = [moved(array.astype(np.float32), device) for array in (read, known)]
        if not self.recursive:
            found = forward(*inputs)[0]
            return found.double().sort(-1).values.cpu().numpy()
        levels = torch.tensor(LEVELS, device=device)
        drawn = forward.network.paths(*inputs, self._places(device), levels).double().cpu().numpy()
        paths = drawn.reshape(self.horizon, -1, PATHS, self.columns)
        return np.moveaxis(np.quantile(paths, self.quantiles, axis=2), 0, -1)

    def _places(self, device: torch.device) -> Tensor:
        """``(horizon, paths, columns)`` in (0, 1)."""
        draw = np.random.default_rng(0)
        order = draw.permuted(np.tile(np.arange(PATHS)[:, None], (self.horizon, 1, self.columns)), axis=1)
        return moved(((order + 0.5) / PATHS).astype(np.float32), device)

    def batch(self, lookback: int) -> int:
        """How many windows are answered side by side."""
        return max(1, EVALUATION_STEPS // (max(lookback, self.horizon) * (PATHS if self.recursive else 1)))


@dataclass(frozen=True)
class Part:
    """Windows of a series, in the units of the data again: ``scale`` is that of the values."""

    windows: Windows
    series: Series
    scale: Scale

    def shown(self, answer: np.ndarray, read: np.ndarray, truth: np.ndarray, number: int, column: int,
              quantiles: list[float]) -> dict[str, Any]:  # fmt: skip
        """One column of a window for a page: ``{"name", "line", "times", "history", "truth", "quantiles"}``.

        ``answer``: ``(horizon, columns, quantiles)``, ``read`` and ``truth``: ``(steps, columns)``; ``line``: of the
        file, on which the forecast starts.
        """
        first = self.windows.first + number
        read, truth, answer = read[-SHOWN_STEPS:], truth[:SHOWN_STEPS], answer[:SHOWN_STEPS]
        rows = slice(first - len(read), first + len(truth))

        def units(values: np.ndarray) -> list[float]:
            back = values * self.scale.deviation[column] + self.scale.mean[column]
            return [float(f"{value:.7g}") for value in back]

        return {
            "name": self.series.columns[column], "line": self.series.lines[first],
            "times": [] if self.series.times is None else times.written(self.series.times[rows]),
            "history": units(read[:, column]), "truth": units(truth[:, column]),
            "quantiles": {named(q): units(answer[:, column, index]) for index, q in enumerate(quantiles)},
        }  # fmt: skip


def named(quantile: float) -> str:
    """A quantile as a key: ``0.5``."""
    return f"{quantile:g}"


def measured(
    forward: Forward, part: Part, answering: Answering, scales: Scales, device: torch.device, tick: Callable[[], None],
    *, batch_size: int | None = None,
) -> Measured:  # fmt: skip
    """Every window of a part. ``batch_size`` changes speed and memory, not the value."""
    windows, found, losses = part.windows, Backtest(scales.quantiles, scales.deviation, scales.naive), []
    size = batch_size or answering.batch(windows.lookback)
    for start in range(0, len(windows), size):
        tick()
        read, known, truth = windows.read(np.arange(start, min(start + size, len(windows))))
        losses.append(found.add(truth, answering(forward, read, known, device)))
    losses = np.concatenate(losses)

    def show(numbers: np.ndarray) -> list[dict[str, Any]]:
        return [
            {**body, "loss": float(losses[number])}
            for number, body in zip(numbers, shown(forward, part, answering, numbers, device), strict=True)
        ]

    metrics = found.metrics()
    report = {
        "kind": "forecasting", "windows": show(windows.spread(WINDOWS)), "worst": show(_apart(losses, windows.horizon)),
        "by_step": found.by_step()[: 4 * SHOWN_STEPS], "by_column": found.by_column(part.series.columns),
        "count": len(windows), "quantiles": answering.quantiles,
    }  # fmt: skip
    return Measured(found.loss, metrics, report)


def shown(
    forward: Forward, part: Part, answering: Answering, numbers: np.ndarray, device: torch.device
) -> Iterator[dict[str, Any]]:
    """Windows with their forecasts for a page, the columns taken in turn."""
    for place, number in enumerate(numbers):
        read, known, truth = part.windows.read(numbers[place : place + 1])
        answer = answering(forward, read, known, device)
        column = place % part.windows.columns
        yield part.shown(
            answer[:, 0], read[:, 0, : part.windows.columns], truth[:, 0], int(number), column, answering.quantiles
        )


def _apart(losses: np.ndarray, horizon: int) -> np.ndarray:
    """The windows of the highest loss of which no two forecast the same step."""
    chosen: list[int] = []
    for number in np.argsort(-losses, kind="stable"):
        if all(abs(int(number) - other) >= horizon for other in chosen):
            chosen.append(int(number))
        if len(chosen) == WORST:
            break
    return np.array(chosen)
