"""Seasons are found where they are, and not where chance alone is."""

from __future__ import annotations

import numpy as np
import pytest

from rnncore.data.season import guess


def noise(size, seed=1):
    return np.random.default_rng(seed).normal(size=(size, 1))


def wave(size, season):
    return np.sin(2 * np.pi * np.arange(size) / season)[:, None]


@pytest.mark.parametrize("season", [7, 12, 24])
@pytest.mark.parametrize("size", [200, 3000])
def test_a_season_in_noise_is_found(season, size):
    assert guess(wave(size, season) + 0.5 * noise(size)) == season


@pytest.mark.parametrize("seed", range(5))
def test_a_season_upon_a_walk_is_found(seed):
    assert guess(5 * wave(2000, 12) + noise(2000, seed).cumsum(0)) == 12


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("size", [20, 100, 2000])
def test_chance_has_no_season(seed, size):
    assert guess(noise(size, seed)) == 0
    assert guess(noise(size, seed).cumsum(0)) == 0


def test_what_the_calendar_expects_needs_less_to_show():
    weak = 0.35 * wave(2000, 24) + noise(2000)
    assert (guess(weak), guess(weak, [24, 168])) == (0, 24)
    assert guess(noise(2000), [24, 168]) == 0


def test_a_trend_is_no_season():
    assert guess(np.linspace(0, 10, 300)[:, None] + 0.1 * noise(300)) == 0


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_very_short_series_have_none(size):
    assert guess(noise(size), [2]) == 0


def test_a_constant_series_has_none():
    assert guess(np.ones((100, 1)), [7]) == 0
