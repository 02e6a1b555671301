"""Figures of forecasts, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from rnncore.data.backtest import Backtest, median, naive_steps, pinball

QUANTILES = [0.1, 0.5, 0.9]


def test_pinball_by_hand():
    found = pinball(np.array([4.0]), np.array([[3.0, 4.0, 6.0]]), np.array(QUANTILES))
    assert found[0] == pytest.approx([0.1 * 1, 0.0, 0.1 * 2])


@pytest.mark.parametrize(
    ("quantiles", "forecast", "wanted"),
    [([0.1, 0.5, 0.9], [1, 2, 4], 2), ([0.3, 0.6], [1, 4], 3), ([0.6, 0.9], [1, 4], 1), ([0.2, 0.4], [1, 4], 4)],
)
def test_the_point_forecast_is_the_median(quantiles, forecast, wanted):
    assert median(np.array([forecast], float), quantiles)[0] == pytest.approx(wanted)


def test_naive_steps():
    values = np.array([[0.0], [2.0], [1.0], [3.0], [2.0]])
    assert naive_steps(values, 2).tolist() == [1.0]
    assert naive_steps(values, 0).tolist() == [1.5]
    assert naive_steps(values, 99).tolist() == [1.5]  # no season fits: the step
    assert naive_steps(np.ones((5, 1)), 1).tolist() == [1.0]


def test_two_windows_by_hand():
    """Horizon 1, one column of deviation 10, naive step 5; the medians miss by 1 and by -2 scaled units."""
    found = Backtest(QUANTILES, np.array([10.0]), np.array([5.0]))
    truth = np.array([[[1.0], [0.0]]])
    forecast = np.array([[[[-1.0, 0.0, 2.0]], [[1.0, 2.0, 3.0]]]])
    losses = found.add(truth, forecast)
    first, second = (0.1 * 2 + 0.5 * 1 + 0.1 * 1) / 3, (0.9 * 1 + 0.5 * 2 + 0.1 * 3) / 3
    assert losses == pytest.approx([first, second])
    assert found.loss == pytest.approx((first + second) / 2)
    assert found.metrics() == pytest.approx({
        "mae": 15.0, "rmse": 10 * np.sqrt(2.5), "mse": 2.5, "mase": 3.0, "coverage": 0.5,
        "crps": 2 * 10 * (first + second) / 2,
    })  # fmt: skip
    (step,) = found.by_step()
    assert (step["step"], step["mae"], step["mse"], step["coverage"]) == pytest.approx((1, 15.0, 2.5, 0.5))
    (column,) = found.by_column(["v"])
    assert (column["column"], column["rmse"]) == ("v", pytest.approx(10 * np.sqrt(2.5)))


def test_the_order_and_size_of_batches_do_not_matter():
    draw = np.random.default_rng(1)
    truth, forecast = draw.normal(size=(4, 10, 2)), np.sort(draw.normal(size=(4, 10, 2, 3)), -1)
    whole, parts = (Backtest(QUANTILES, np.array([2.0, 3.0]), np.array([1.0, 4.0])) for _ in range(2))
    whole.add(truth, forecast)
    for some in ([7, 1, 3], [0], [2, 4, 5, 6, 8, 9]):
        parts.add(truth[:, some], forecast[:, some])
    assert parts.loss == pytest.approx(whole.loss, rel=1e-12)
    assert parts.metrics() == pytest.approx(whole.metrics(), rel=1e-12)


def test_one_quantile_covers_nothing():
    found = Backtest([0.5], np.ones(1), np.ones(1))
    found.add(np.zeros((1, 1, 1)), np.ones((1, 1, 1, 1)))
    assert "coverage" not in found.metrics() and found.metrics()["mae"] == 1.0


def test_a_method_may_have_a_point_beside_its_quantiles():
    found = Backtest(QUANTILES, np.ones(1), np.ones(1))
    found.add(np.zeros((1, 1, 1)), np.ones((1, 1, 1, 3)), np.zeros((1, 1, 1)))
    assert found.metrics()["mse"] == 0.0 and found.loss > 0
