"""The season of a series: after how many steps it repeats, found in its autocorrelation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LOOKED_AT = 20_000
"""Steps of a series, the last ones, that are looked at."""

CLEAR = 0.2
"""How far the autocorrelation must rise at a season above what lies half a season beside it …"""

EXPECTED = 0.05
"""… and where the calendar expects it."""


FEWEST = 8
"""Steps below which nothing can be told."""

LONGEST = 6
"""A season that nothing suggests must fit so often into the series: a walk seems to repeat at long lags."""


def guess(values: np.ndarray, expected: Sequence[int] = ()) -> int:
    """Steps after which the columns of ``values`` ``(rows, columns)`` repeat; 0 where they do not.

    Looks at the series, and at its changes, in which a season stands out from a walk. ``expected``: what the calendar
    suggests, the likeliest first.

    >>> guess(np.sin(2 * np.pi * np.arange(200) / 12)[:, None])
    12
    """
    values = values[-LOOKED_AT:]
    if len(values) < FEWEST:
        return 0
    levels, changes = (
        np.mean([_rises(column) for column in table.T], axis=0) for table in (values[1:], np.diff(values, axis=0))
    )
    changes[:4] = 0.0  # independent values have changes that swing to and fro
    rises = np.maximum(levels, changes)
    noise = 5 / np.sqrt(len(values))
    for season in expected:
        if season < len(rises) and rises[season] > max(EXPECTED, noise / 2):
            return season
    rises = rises[: len(values) // LONGEST + 1]
    if rises.max() < max(CLEAR, noise):
        return 0
    first = int(np.argmax(rises >= 0.9 * rises.max()))  # of a season and its multiples, the season
    return first + int(np.argmax(rises[first : first + first // 2 + 1]))


def _rises(values: np.ndarray) -> np.ndarray:
    """For each lag, how much likelier the series is to itself one and two lags ago than half a lag beside those.

    A walk without a season has an autocorrelation that falls in a line, and no such rise.
    """
    correlation = _autocorrelation(values)
    most = (len(correlation) - 1) // 2
    lags = np.arange(most)
    between = np.arange(len(correlation))
    peaks = correlation[lags] + correlation[2 * lags]
    valleys = np.interp(0.5 * lags, between, correlation) + np.interp(1.5 * lags, between, correlation)
    rises = (peaks - valleys) / 2
    rises[:2] = 0.0
    return rises


def _autocorrelation(values: np.ndarray) -> np.ndarray:
    """At lags 0 to half the length, of the values without their straight trend."""
    steps = np.arange(len(values))
    rest = values - np.polyval(np.polyfit(steps, values, 1), steps)
    size = 2 ** int(2 * len(rest) - 1).bit_length()
    power = np.abs(np.fft.rfft(rest, size)) ** 2
    correlation = np.fft.irfft(power, size)[: len(rest) // 2]
    # Short of a lag's partners, the sum is over fewer products: divide by how many there were.
    correlation /= len(rest) - np.arange(len(correlation))
    return correlation / correlation[0] if correlation[0] > 0 else np.zeros(len(correlation))
