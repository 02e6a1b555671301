"""The figures of forecasts over all windows of a part, summed up batch by batch. Torch-free.

Which unit a figure has::

    loss       mean pinball loss over quantiles, steps and columns, of values scaled to deviation 1 on the training part
    mae, rmse  of the median, in the units of the data (several columns: the mean of theirs)
    mse        of the median, of the scaled values: this is the figure that papers state for such data
    mase       mae over the mean step of the seasonal naive forecast on the training part (Hyndman and Koehler 2006)
    coverage   share of the truth between the outer quantiles
    crps       twice the mean pinball loss, in the units of the data: with many quantiles, the continuous ranked
               probability score (Gneiting and Raftery 2007, section 4.2)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def pinball(truth: np.ndarray, forecast: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """The loss of quantile forecasts (Koenker and Bassett 1978): ``truth`` ``(…)``, ``forecast`` ``(…, quantiles)``.

    >>> pinball(np.array([2.0]), np.array([[1.0, 3.0]]), np.array([0.1, 0.5])).tolist()
    [[0.1, 0.5]]
    """
    error = truth[..., None] - forecast
    return np.maximum(quantiles * error, (quantiles - 1) * error)


def median(forecast: np.ndarray, quantiles: Sequence[float]) -> np.ndarray:
    """The point forecast ``(…)`` of quantiles ``(…, quantiles)``: the one at 0.5, or drawn straight between those
    beside it; the nearest where all lie on one side."""
    levels = np.asarray(quantiles)
    above = int(np.searchsorted(levels, 0.5))
    if above == len(levels):
        return forecast[..., -1]
    if above == 0 or levels[above] == 0.5:
        return forecast[..., above]
    share = (0.5 - levels[above - 1]) / (levels[above] - levels[above - 1])
    return (1 - share) * forecast[..., above - 1] + share * forecast[..., above]


def naive_steps(values: np.ndarray, season: int) -> np.ndarray:
    """What ``mase`` divides by, ``(columns,)``: the mean absolute change over a season (or a step, where there is none)
    of the rows ``values`` ``(rows, columns)``; 1 where nothing changes."""
    lag = season if 0 < season < len(values) else 1
    changes = np.abs(values[lag:] - values[:-lag]).mean(0)
    return np.where(changes > 0, changes, 1.0)


class Backtest:
    """Sums over windows.

    ``deviation``, ``naive``: ``(columns,)`` units of one scaled step, and what ``mase`` divides by in those units.
    """

    def __init__(self, quantiles: Sequence[float], deviation: np.ndarray, naive: np.ndarray) -> None:
        self.quantiles, self.deviation, self.naive = np.asarray(quantiles), deviation, naive
        self.windows = 0
        self._loss: np.ndarray | float = 0.0
        self._absolute: np.ndarray | float = 0.0
        self._square: np.ndarray | float = 0.0
        self._inside: np.ndarray | float = 0.0

    def add(self, truth: np.ndarray, forecast: np.ndarray, point: np.ndarray | None = None) -> np.ndarray:
        """Windows ``(horizon, batch, columns)`` and their forecasts ``(…, quantiles)``, both scaled; gives the loss of
        each window, ``(batch,)``. ``point``: the forecast of a method that is no median."""
        losses = pinball(truth, forecast, self.quantiles)
        error = truth - (median(forecast, self.quantiles) if point is None else point)
        self._loss = self._loss + losses.sum(1)
        self._absolute = self._absolute + np.abs(error).sum(1)
        self._square = self._square + (error**2).sum(1)
        self._inside = self._inside + ((forecast[..., 0] <= truth) & (truth <= forecast[..., -1])).sum(1)
        self.windows += truth.shape[1]
        return losses.mean((0, 2, 3))

    @property
    def loss(self) -> float:
        """Mean pinball loss of the scaled values."""
        return float(np.mean(self._loss) / self.windows)

    def metrics(self) -> dict[str, float]:
        """See the head of this file; ``coverage`` where there are two quantiles at least."""
        absolute = self._absolute.mean(0) / self.windows * self.deviation  # (columns,)
        square = self._square.mean(0) / self.windows
        loss = self._loss.mean((0, 2)) / self.windows
        figures = {
            "mae": absolute.mean(), "rmse": (np.sqrt(square) * self.deviation).mean(), "mse": square.mean(),
            "mase": (absolute / self.naive).mean(), "crps": 2 * (loss * self.deviation).mean(),
        }  # fmt: skip
        if len(self.quantiles) > 1:
            figures["coverage"] = np.mean(self._inside) / self.windows
        return {name: float(value) for name, value in figures.items()}

    def by_step(self) -> list[dict[str, float]]:
        """``[{"step", "mae", "mse", "loss", "coverage"}]`` of each step ahead, units as in ``metrics``."""
        absolute = (self._absolute / self.windows * self.deviation).mean(1)
        square = self._square.mean(1) / self.windows
        loss = self._loss.mean((1, 2)) / self.windows
        inside = self._inside.mean(1) / self.windows
        return [
            {"step": step, "mae": float(a), "mse": float(s), "loss": float(b), "coverage": float(c)}
            for step, (a, s, b, c) in enumerate(zip(absolute, square, loss, inside, strict=True), 1)
        ]

    def by_column(self, columns: Sequence[str]) -> list[dict[str, float | str]]:
        """``[{"column", "mae", "rmse", "mse", "mase"}]``."""
        absolute = self._absolute.mean(0) / self.windows * self.deviation
        square = self._square.mean(0) / self.windows
        return [
            {"column": name, "mae": float(a), "rmse": float(np.sqrt(s) * d), "mse": float(s), "mase": float(a / n)}
            for name, a, s, d, n in zip(columns, absolute, square, self.deviation, self.naive, strict=True)
        ]
