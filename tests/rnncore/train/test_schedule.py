"""Learning rates by schedule."""

from __future__ import annotations

import pytest

from rnncore.recipe import Training
from rnncore.train.schedule import FLOOR, PLATEAU_PATIENCE, Schedule


def schedule(name: str, warmup: int = 0) -> Schedule:
    return Schedule(Training(learning_rate=0.1, warmup_steps=warmup, schedule=name))


@pytest.mark.parametrize("name", ["constant", "cosine", "plateau"])
def test_it_warms_up_in_a_line(name):
    rates = [schedule(name, warmup=4).rate(step, 0.0) for step in range(1, 7)]
    assert rates == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1, 0.1])


def test_the_cosine_falls_from_the_peak_to_a_twentieth():
    cosine = schedule("cosine")
    rates = [cosine.rate(1, done) for done in (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)]
    assert rates[0] == 0.1 and rates[2] == pytest.approx(0.0525) and rates[4] == rates[5] == pytest.approx(0.005)
    assert rates == sorted(rates, reverse=True)


def test_the_plateau_halves_where_validation_stops_improving():
    plateau = schedule("plateau")
    for improved in (True, False, True, *[False] * (PLATEAU_PATIENCE - 1)):
        plateau.evaluated(improved)
    assert plateau.rate(9, 0.5) == 0.1
    plateau.evaluated(False)
    assert plateau.rate(9, 0.5) == 0.05
    for _ in range(100):
        plateau.evaluated(False)
    assert plateau.rate(9, 0.5) == pytest.approx(0.1 * FLOOR)


@pytest.mark.parametrize("name", ["constant", "cosine"])
def test_the_others_do_not_mind_validation(name):
    other = schedule(name)
    for _ in range(10):
        other.evaluated(False)
    assert other.rate(1, 0.0) == 0.1
