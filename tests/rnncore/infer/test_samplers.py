"""What is drawn, how often, and from which random numbers."""

from __future__ import annotations

import numpy as np
import pytest

from rnncore.errors import RnncoreError
from rnncore.infer.samplers import Sampler, likeliest, runners_up

SHARES = np.array([0.4, 0.05, 0.3, 0.15, 0.1])
SCORES = np.log(SHARES).astype(np.float32)
DRAWS = 8_000


def frequencies(**options) -> np.ndarray:
    sampler = Sampler(**{"temperature": 1.0, "seed": 7} | options)
    return np.bincount([sampler.draw(SCORES)[0] for _ in range(DRAWS)], minlength=SCORES.size) / DRAWS


def expected(weights) -> np.ndarray:
    weights = np.asarray(weights, float)
    return weights / weights.sum()


@pytest.mark.parametrize(
    ("options", "weights"),
    [
        ({}, SHARES),
        ({"temperature": 0.5}, SHARES**2),
        ({"temperature": 2.0}, SHARES**0.5),
        ({"top_k": 2}, [0.4, 0, 0.3, 0, 0]),
        ({"top_k": 99}, SHARES),
        ({"top_p": 0.69}, [0.4, 0, 0.3, 0, 0]),
        ({"top_p": 0.71}, [0.4, 0, 0.3, 0.15, 0]),
        ({"top_p": 0.001}, [1, 0, 0, 0, 0]),
        ({"top_k": 3, "top_p": 0.8}, [0.4, 0, 0.3, 0, 0]),  # 0.4 and 0.3 are 82 % of the three
        ({"temperature": 0.5, "top_p": 0.6}, [0.4**2, 0, 0.3**2, 0, 0]),
        ({"banned": 0}, [0, 0.05, 0.3, 0.15, 0.1]),
        ({"temperature": 0}, [1, 0, 0, 0, 0]),
        ({"temperature": 0, "banned": 0}, [0, 0, 1, 0, 0]),
        ({"temperature": 1e-300}, [1, 0, 0, 0, 0]),
    ],
)
def test_tokens_come_as_often_as_they_should(options, weights):
    wanted = expected(weights)
    found = frequencies(**options)
    assert (found[wanted == 0] == 0).all()
    # Four standard deviations of a share: once in 16,000 for a correct sampler, and the seed is fixed.
    np.testing.assert_allclose(found, wanted, atol=4 * 0.5 / DRAWS**0.5)


def test_reported_is_the_opinion_before_the_cuts():
    for options, weights in [({}, SHARES), ({"temperature": 0.5}, SHARES**2), ({"temperature": 0}, SHARES)]:
        _, probabilities = Sampler(**{"temperature": 1.0, "seed": 1, "top_k": 1, "top_p": 0.1} | options).draw(SCORES)
        np.testing.assert_allclose(probabilities, expected(weights), rtol=1e-6)


def test_cuts_that_cut_nothing_change_no_draw():
    def drawn(**options):
        sampler = Sampler(temperature=1.0, seed=3, **options)
        return [sampler.draw(SCORES)[0] for _ in range(200)]

    assert drawn() == drawn(top_k=5) == drawn(top_p=0.99999)


def test_seed_and_number_decide_and_nothing_else():
    def drawn(seed, number):
        sampler = Sampler(temperature=1.0, seed=seed, number=number)
        return [sampler.draw(SCORES)[0] for _ in range(60)]

    assert drawn(5, 0) == drawn(5, 0)
    texts = {tuple(drawn(seed, number)) for seed in (0, 1, 2**53 - 1) for number in (0, 1, 2)}
    assert len(texts) == 9
    # The very numbers: a link that reproduces a text must still do so after an update.
    assert drawn(1, 0)[:20] == [2, 0, 3, 0, 2, 2, 0, 2, 2, 4, 0, 2, 2, 0, 2, 2, 3, 2, 3, 2]


def test_scores_that_are_not_finite_are_an_error():
    with pytest.raises(RnncoreError, match="not finite"):
        Sampler(temperature=1.0, seed=1).draw(np.array([0, np.nan], np.float32))


def test_huge_scores_are_no_problem():
    token, probabilities = Sampler(temperature=0.01, seed=1).draw(np.array([3e38, -3e38, 0], np.float32))
    assert token == 0 and probabilities.tolist() == [1, 0, 0]


def test_likeliest_first_and_equals_in_order():
    assert likeliest(np.array([0.1, 0.3, 0.1, 0.3, 0.2]), 4).tolist() == [1, 3, 4, 0]
    assert likeliest(np.array([0.1, 0.3, 0.6]), 9).tolist() == [2, 1, 0]
    assert likeliest(np.ones(1000), 3).tolist() == [0, 1, 2]


def test_runners_up_leave_the_drawn_token_out():
    assert runners_up(SHARES, 0, 2) == [2, 3]
    assert runners_up(SHARES, 1, 2) == [0, 2]
    assert runners_up(SHARES, 2, 9) == [0, 3, 4, 1]
