"""``seasonal``: an hourly series with a day, a week and noise that nobody can foresee.

Forecasting: ``time`` hour by hour from 2024 on, ``value`` = 20 + 5 sin(day) + 2 sin(week) + N(0, 1). Who knows the
seasons errs by the noise alone: mean absolute error √(2/π), squared error 1, and quantiles that are those of the noise.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import NormalDist
from typing import Any

COLUMNS = ("time", "value")
COUNT = 5_000
MAX_COUNT = 10**6
START = datetime(2024, 1, 1)
LEVEL, DAY, WEEK, NOISE = 20.0, 5.0, 2.0, 1.0
QUANTILES = (0.1, 0.5, 0.9)
"""Of a forecast whose recipe names none."""


def records(count: int, draw: random.Random) -> Iterator[tuple[str, str]]:
    for hour in range(count):
        value = expected(hour) + draw.gauss(0, NOISE)
        yield (START + timedelta(hours=hour)).isoformat(" "), f"{value:.4f}"


def expected(hour: int) -> float:
    """The mean of the value so many hours after the start."""
    turn = 2 * math.pi * hour
    return LEVEL + DAY * math.sin(turn / 24) + WEEK * math.sin(turn / 168)


def optimum() -> dict[str, Any]:
    """See :func:`rnncore.data.synthetic.optimum`. The loss is that of the usual quantiles, of a training part of whole
    weeks."""
    noise = NormalDist(0, NOISE)
    # The mean pinball loss of the true quantile q of a normal distribution is its density there times the variance.
    pinball = sum(noise.pdf(noise.inv_cdf(q)) * NOISE**2 for q in QUANTILES) / len(QUANTILES)
    deviation = math.sqrt(DAY**2 / 2 + WEEK**2 / 2 + NOISE**2)
    mae = NOISE * math.sqrt(2 / math.pi)
    return {
        "metric": "mae", "value": mae, "loss": pinball / deviation,
        "words": f"The noise cannot be foreseen: the best possible mean absolute error is {mae:.4f}.",
    }  # fmt: skip
