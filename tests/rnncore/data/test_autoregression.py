"""Forecasts that cost nothing: each finds the series that it is the law of."""

from __future__ import annotations

import numpy as np
import pytest

from rnncore.data import autoregression
from rnncore.data.autoregression import Scales
from rnncore.data.windows import Windows

SCALES = Scales([0.1, 0.5, 0.9], np.ones(1), np.ones(1))


def parts(values, lookback=8, horizon=4):
    table = np.asarray(values, float).reshape(len(values), -1)
    cut = int(0.8 * len(table))
    return (
        Windows("train", table, table.shape[1], 0, cut, lookback, horizon),
        Windows("valid", table, table.shape[1], cut, len(table), lookback, horizon),
    )


def named(baselines):
    return {baseline.name: baseline for baseline in baselines}


def test_the_last_value_and_a_season_ago_by_hand():
    read = np.arange(8.0).reshape(8, 1, 1)
    assert autoregression.last_value(3)(read).ravel().tolist() == [7, 7, 7]
    assert autoregression.seasonal_naive(5, 3)(read).ravel().tolist() == [5, 6, 7, 5, 6]


def test_a_season_is_forecast_by_a_season_ago():
    found = named(autoregression.quick(*parts([0, 1, 5] * 40), 3, SCALES))
    assert found["seasonal naive"].metrics["mse"] == found["seasonal naive"].loss == 0
    assert found["last value"].metrics["mse"] > 1
    assert found["last value"].step == 0 and found["last value"].metrics.keys() >= {"mae", "mase", "crps", "coverage"}


def test_a_season_longer_than_the_lookback_is_not_forecast():
    assert named(autoregression.quick(*parts([0, 1, 5] * 40), 9, SCALES)).keys() == {"last value"}


def test_the_band_is_that_of_the_errors_on_the_training_part():
    """Independent noise: the last value errs by N(0, 2), and its quantiles are known."""
    train, valid = parts(np.random.default_rng(2).normal(size=6000))
    band = autoregression.spread(autoregression.last_value(4), train, [0.1, 0.5, 0.9])
    assert band[:, 0] == pytest.approx(np.array([[-1.81, 0.0, 1.81]] * 4), abs=0.12)
    found = autoregression.measured("last value", autoregression.last_value(4), train, valid, SCALES)
    assert found.metrics["coverage"] == pytest.approx(0.8, abs=0.04)


def test_autoregression_finds_its_weights_and_order():
    draw, values = np.random.default_rng(3), [0.0, 0.0]
    for _ in range(6000):
        values.append(0.5 + 1.2 * values[-1] - 0.6 * values[-2] + draw.normal())
    train, valid = parts(values)
    order, forecast = autoregression.autoregression(train, valid, 0)
    assert order in (2, 3, 4)
    assert autoregression._ar_weights(np.array(values), 2) == pytest.approx([-0.6, 1.2, 0.5], abs=0.06)
    ahead = forecast(np.array([1.0] * 6 + [2.0, 3.0]).reshape(8, 1, 1)).ravel()
    assert ahead[0] == pytest.approx(0.5 + 1.2 * 3 - 0.6 * 2, abs=0.25)


def test_an_order_that_runs_away_overflows_nothing():
    weights = np.array([[2.0], [0.0]])
    assert np.isfinite(autoregression._stepping(weights, 5000)(np.ones((3, 1, 1)))).all()


def test_the_straight_line_finds_any_linear_law():
    """Two columns, each with a season of its own: what comes is a sum of what was."""
    steps = np.arange(400)
    values = np.stack([np.sin(steps), 3 + np.cos(0.7 * steps)], 1)
    train, valid = parts(values)
    found = named(autoregression.fitted(train, valid, 0, Scales([0.5], np.ones(2), np.ones(2))))
    assert found["direct linear"].metrics["mse"] < 1e-5
    assert next(name for name in found if name.startswith("AR("))


@pytest.mark.parametrize(("drift", "wanted"), [(0.0, False), (1.0, True)])
def test_levels_are_read_where_they_say_more(drift, wanted):
    """Independent noise about a level: the last value says nothing. A walk: it says all."""
    values = np.random.default_rng(4).normal(size=2000)
    train, _ = parts(np.cumsum(values) if drift else values)
    assert autoregression.centred(train) is wanted


def test_differences_are_read_where_little_is_known():
    assert autoregression.centred(parts(np.random.default_rng(5).normal(size=40))[0]) is True


def test_what_is_saved_gives_the_same(tmp_path):
    train, valid = parts(np.random.default_rng(6).normal(size=300).cumsum())
    body = autoregression.save(tmp_path / "series.safetensors", train, valid, 3, SCALES)
    assert list(autoregression.of_saved(body)) == list(autoregression.fitted(train, valid, 3, SCALES))
