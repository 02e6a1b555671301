"""What forecasts cost nothing: the last value, a season ago, autoregression, and a straight line from lookback to
horizon. Torch-free.

Each gives one value a step; its quantiles are those of its own errors on the training part, step by step and column by
column, so that its loss and its band can be compared with a network's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from rnncore.data.backtest import Backtest
from rnncore.data.windows import Windows
from rnncore.events import Baseline

Forecast = Callable[[np.ndarray], np.ndarray]
"""From values read ``(lookback, batch, columns)`` to those forecast ``(horizon, batch, columns)``, all scaled."""

SPREAD = 2_000
"""Windows of the training part, evenly chosen, whose errors make the band."""

FITTED = 50_000
"""Windows that a line is fitted to, and rows for an autoregression, the last ones."""

CHOSEN_ON = 500
"""Windows of the validation part on which an order or a ridge is chosen."""

ORDERS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96)
RIDGES = (1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Times the number of windows; values have deviation 1."""

MOST_INPUTS = 3_000
"""Steps of lookback that a line is fitted to: its cost grows with their cube."""

CENTRING = 1.05
TRIED_STEPS, FEWEST_TRIED = 200, 30
"""Steps that are read, and windows that a line is fitted to, where differences and levels are compared."""

BATCH = 512


@dataclass(frozen=True)
class Scales:
    """What figures are stated in: see :class:`rnncore.data.backtest.Backtest`."""

    quantiles: list[float]
    deviation: np.ndarray
    naive: np.ndarray


def quick(train: Windows, valid: Windows, season: int, scales: Scales) -> Iterator[Baseline]:
    """The two that need no fit, measured on every window of ``valid``."""
    yield measured("last value", last_value(valid.horizon), train, valid, scales)
    if 0 < season <= valid.lookback:
        yield measured("seasonal naive", seasonal_naive(valid.horizon, season), train, valid, scales)


def fitted(
    train: Windows, valid: Windows, season: int, scales: Scales, on: Windows | None = None
) -> Iterator[Baseline]:
    """Those that are fitted on ``train``; order and ridge are chosen on ``valid``. Measured there, or ``on`` another
    part."""
    on = on or valid
    order, forecast = autoregression(train, valid, season)
    yield measured(f"AR({order})", forecast, train, on, scales)
    if len(train) and valid.lookback <= MOST_INPUTS:
        yield measured("direct linear", direct_linear(train, valid), train, on, scales)


def measured(name: str, forecast: Forecast, train: Windows, valid: Windows, scales: Scales) -> Baseline:
    """A method over every window of ``valid``, its quantiles from its errors on ``train``."""
    band = spread(forecast, train if len(train) else valid, scales.quantiles)
    found = Backtest(scales.quantiles, scales.deviation, scales.naive)
    for start in range(0, len(valid), BATCH):
        read, _, truth = valid.read(np.arange(start, min(start + BATCH, len(valid))))
        point = forecast(read[..., : valid.columns])
        found.add(truth, point[..., None] + band[:, None], point)
    return Baseline(step=0, name=name, loss=found.loss, metrics=found.metrics())


def spread(forecast: Forecast, train: Windows, quantiles: list[float]) -> np.ndarray:
    """Quantiles of the errors ``(horizon, columns, quantiles)``."""
    errors = []
    chosen = train.spread(SPREAD)
    for start in range(0, len(chosen), BATCH):
        read, _, truth = train.read(chosen[start : start + BATCH])
        errors.append(truth - forecast(read[..., : train.columns]))
    return np.moveaxis(np.quantile(np.concatenate(errors, 1), quantiles, axis=1), 0, -1)


def last_value(horizon: int) -> Forecast:
    """It stays as it is."""
    return lambda read: np.repeat(read[-1:], horizon, axis=0)


def seasonal_naive(horizon: int, season: int) -> Forecast:
    """It comes as it was a season ago."""
    return lambda read: read[len(read) - season + np.arange(horizon) % season]


def autoregression(train: Windows, valid: Windows, season: int) -> tuple[int, Forecast]:
    """AR(p) with a constant by least squares, a model a column, forecast step by step; p of the least squared error on
    ``valid``, at most the lookback."""
    table = train.table[train.start : train.stop, : train.columns][-FITTED:]
    most = max(1, min(train.lookback, (len(table) - 1) // 2))
    orders = sorted({min(order, most) for order in (*ORDERS, season + 1, 2 * season + 1)})
    read, _, truth = valid.read(valid.spread(CHOSEN_ON))
    best: tuple[float, int, Forecast] | None = None
    for order in orders:
        weights = np.stack([_ar_weights(column, order) for column in table.T], 1)  # (order + 1, columns)
        forecast = _stepping(weights, valid.horizon)
        error = float(((forecast(read[..., : valid.columns]) - truth) ** 2).mean())
        if best is None or error < best[0]:
            best = error, order, forecast
    return best[1], best[2]


def _ar_weights(values: np.ndarray, order: int) -> np.ndarray:
    """``(order + 1,)``: of the oldest value first, the constant last."""
    before = np.lib.stride_tricks.sliding_window_view(values, order)[:-1]
    return np.linalg.lstsq(np.hstack([before, np.ones((len(before), 1))]), values[order:], rcond=None)[0]


def _stepping(weights: np.ndarray, horizon: int) -> Forecast:
    order = len(weights) - 1

    def forecast(read: np.ndarray) -> np.ndarray:
        steps = np.concatenate([read[-order:], np.empty((horizon, *read.shape[1:]))])
        for step in range(order, order + horizon):
            following = np.einsum("tbc,tc->bc", steps[step - order : step], weights[:-1]) + weights[-1]
            steps[step] = np.clip(following, -1e6, 1e6)  # an order that runs away loses, and overflows nothing
        return steps[order:]

    return forecast


def direct_linear(train: Windows, valid: Windows) -> Forecast:
    """Least squares with a ridge from the lookback to each step of the horizon, a model a column; both as differences
    to the last value, as NLinear has them (Zeng et al. 2023), the ridge of the least squared error on ``valid``."""
    read, _, truth = valid.read(valid.spread(CHOSEN_ON))
    weights = []
    for column in range(train.columns):
        inputs, outputs = _moments(train, column)
        x, y = _differences(read[..., column], truth[..., column])
        tried = [_solve(inputs, outputs, ridge * len(train)) for ridge in RIDGES]
        weights.append(min(tried, key=lambda w: float(((x @ w - y) ** 2).mean())))
    stacked = np.stack(weights, -1)  # (lookback + 1, horizon, columns)

    def forecast(read: np.ndarray) -> np.ndarray:
        last = read[-1]
        steps = np.concatenate([read - last, np.ones((1, *last.shape))])
        return np.einsum("tbc,thc->hbc", steps, stacked, optimize=True) + last

    return forecast


def centred(train: Windows) -> bool:
    """Whether a network had better read differences to the last value than levels, by what a line can do with both on
    the last fifth of the training part. A level that no window had before is the usual case, so levels must be better
    by :data:`CENTRING`."""
    numbers = train.spread(SPREAD)
    old, new = numbers[numbers < 0.8 * len(train) - train.horizon], numbers[numbers >= 0.8 * len(train)]
    if len(old) < FEWEST_TRIED or not len(new):
        return True
    errors = []
    for differences in (True, False):
        (x, y), (tried, truth) = (_rows(train, some, differences) for some in (old, new))
        weights = _solve(x.T @ x, x.T @ y, RIDGES[3] * len(x))
        errors.append(float(((tried @ weights - truth) ** 2).mean()))
    return errors[0] <= CENTRING * errors[1]


def _rows(train: Windows, numbers: np.ndarray, differences: bool) -> tuple[np.ndarray, np.ndarray]:
    """Windows, all columns below each other: the last steps that are read and a 1, and what came."""
    read, _, truth = train.read(numbers)
    read, truth = (x.reshape(len(x), -1) for x in (read[-TRIED_STEPS:, :, : train.columns], truth))
    if differences:
        return _differences(read, truth)
    return np.hstack([read.T, np.ones((read.shape[1], 1))]), truth.T


def _differences(read: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One column of windows as rows: what is read and a 1, ``(batch, lookback + 1)``, and what came, both less the last
    value that was read."""
    last = read[-1]
    return np.hstack([(read - last).T, np.ones((len(last), 1))]), (truth - last).T


def _moments(train: Windows, column: int) -> tuple[np.ndarray, np.ndarray]:
    """The sums XᵀX and XᵀY over the windows."""
    inputs: Any = 0.0
    outputs: Any = 0.0
    for start in range(max(0, len(train) - FITTED), len(train), BATCH):
        read, _, truth = train.read(np.arange(start, min(start + BATCH, len(train))))
        x, y = _differences(read[..., column], truth[..., column])
        inputs, outputs = inputs + x.T @ x, outputs + x.T @ y
    return inputs, outputs


def _solve(inputs: np.ndarray, outputs: np.ndarray, ridge: float) -> np.ndarray:
    """The constant and the last value's own difference, which is zero, are not held small."""
    held = np.full(len(inputs), ridge)
    held[-1] = 0.0
    return np.linalg.lstsq(inputs + np.diag(held), outputs, rcond=None)[0]


def save(path: Path, train: Windows, valid: Windows, season: int, scales: Scales) -> dict[str, Any]:
    """Keep in a file what :func:`of_saved` needs in a process of its own; gives what is to be told to it (JSON)."""
    save_file({name: np.ascontiguousarray(part.table) for name, part in (("train", train), ("valid", valid))}, path)
    plain = {
        part.name: {name: value for name, value in vars(part).items() if name != "table"} for part in (train, valid)
    }
    return {
        "series": str(path), "train": plain["train"], "valid": plain["valid"], "season": season,
        "quantiles": scales.quantiles, "deviation": scales.deviation.tolist(), "naive": scales.naive.tolist(),
    }  # fmt: skip


def of_saved(body: dict[str, Any]) -> Iterator[Baseline]:
    """The fitted baselines of what :func:`save` gave."""
    tables = load_file(body["series"])
    train, valid = (Windows(table=tables[name], **body[name]) for name in ("train", "valid"))
    scales = Scales(body["quantiles"], np.array(body["deviation"]), np.array(body["naive"]))
    yield from fitted(train, valid, body["season"], scales)
