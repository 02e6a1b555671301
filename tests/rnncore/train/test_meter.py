"""What is measured, when it is stated, and when it is hopeless."""

from __future__ import annotations

import math

import pytest
import torch

from rnncore.errors import Diverged
from rnncore.train import meter as meter_module
from rnncore.train.meter import ABOVE_STEPS, Meter, exploded


def add(meter: Meter, step: int, loss: float = 1.0, norm: float = 0.5, count: int = 10, seconds: float = 0.1) -> None:
    meter.add(torch.tensor(loss), torch.tensor(norm), count)
    meter.spent(seconds)
    meter.settle(step, ceiling=40.0, clip=1.0)


def windows(seconds_a_step: float, steps: int) -> list[int]:
    """The steps after which progress is stated."""
    meter, stated = Meter(), []
    for step in range(1, steps + 1):
        add(meter, step, seconds=seconds_a_step)
        if meter.due(step) or step == steps:
            stated.append(step)
            meter.progress(step=step, epoch=0.0, learning_rate=0.1, done=step / steps)
    return stated


def test_means_are_weighed_by_what_was_read():
    meter = Meter()
    add(meter, 1, loss=1.0, norm=2.0, count=30)
    add(meter, 2, loss=3.0, norm=4.0, count=10)
    event = meter.progress(step=2, epoch=0.5, learning_rate=0.1, done=0.5)
    assert (event.loss, event.grad_norm, event.tokens_per_second) == (1.5, 3.0, pytest.approx(200))
    add(meter, 3, loss=7.0)
    assert meter.progress(step=3, epoch=0.5, learning_rate=0.1, done=0.6).loss == 7.0


def test_fast_steps_are_stated_four_times_a_second_at_most():
    stated = windows(0.001, 100_000)
    assert stated[0] == 1 and stated[-1] == 100_000
    assert len(stated) <= 100_000 * 0.001 * 4 + 10


def test_a_short_run_is_stated_twenty_times_at_least():
    for steps in (20, 33, 100, 1000):
        assert len(windows(1e-6, steps)) >= 20


def test_slow_steps_are_stated_one_by_one():
    assert windows(3.0, 30) == list(range(1, 31))


def test_windows_shrink_when_steps_become_slow():
    meter = Meter(every=64)
    for step in range(1, 1025):
        add(meter, step, seconds=1.0)
        if meter.due(step):
            meter.progress(step=step, epoch=0.0, learning_rate=0.1, done=step / 100_000)
    assert meter.every < 16


@pytest.mark.parametrize(
    ("loss", "norm", "said"),
    [
        (math.nan, 1.0, "loss"), (math.inf, 1.0, "loss"), (1.0, math.nan, "gradient"), (1.0, math.inf, "gradient"),
    ],
)  # fmt: skip
def test_what_is_not_finite_ends_the_run_at_its_step(loss, norm, said):
    meter = Meter()
    for values in [(1.0, 1.0), (loss, norm), (1.0, 1.0)]:
        meter.add(*map(torch.tensor, values), 10)
    with pytest.raises(Diverged, match=f"the {said} of step 2 ") as caught:
        meter.settle(3, ceiling=40.0, clip=1.0)
    assert caught.value.step == 2 and caught.value.hint


def test_a_loss_far_above_all_bounds_may_come_back_but_not_stay():
    meter = Meter()
    for step in range(1, ABOVE_STEPS):
        add(meter, step, loss=41.0)
    add(meter, ABOVE_STEPS, loss=1.0)
    for step in range(1, ABOVE_STEPS):
        add(meter, step, loss=41.0)
    assert "grew to 2.65e19 by step 6 " in str(exploded(6, 2.65e19))
    with pytest.raises(Diverged, match="grew to 41"):
        add(meter, ABOVE_STEPS, loss=41.0)


def test_the_clip_rate_is_the_share_since_it_was_asked():
    meter = Meter()
    for step, norm in enumerate([0.5, 1.5, 2.0, 0.9], 1):
        add(meter, step, norm=norm)
    assert meter.clip_rate() == 0.5
    add(meter, 5, norm=3.0)
    assert (meter.clip_rate(), meter.clip_rate()) == (1.0, 0.0)


def test_without_clipping_nothing_is_clipped():
    meter = Meter()
    meter.add(torch.tensor(1.0), torch.tensor(100.0), 10)
    meter.settle(1, ceiling=40.0, clip=0.0)
    assert meter.clip_rate() == 0


def test_what_a_checkpoint_keeps_goes_on_where_it_was(monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(meter_module.time, "perf_counter", lambda: float(next(clock)))
    meter = Meter()
    add(meter, 1)
    again = Meter(**meter.state())
    for each in (meter, again):
        add(each, 2, loss=3.0)
    one, other = (each.progress(step=2, epoch=0.1, learning_rate=0.1, done=0.5) for each in (meter, again))
    assert (one.loss, one.seconds, one.tokens_per_second) == (other.loss, other.seconds, other.tokens_per_second)


def test_time_left_comes_from_the_pace_since_the_first_event(monkeypatch):
    clock = iter([0.0, 50.0, 60.0, 100.0, 100.0])
    monkeypatch.setattr(meter_module.time, "perf_counter", lambda: next(clock))
    meter = Meter()
    add(meter, 1)
    assert meter.progress(step=1, epoch=0.1, learning_rate=0.1, done=0.1).remaining_seconds is None
    add(meter, 2)
    assert meter.progress(step=2, epoch=0.1, learning_rate=0.1, done=0.2).remaining_seconds == pytest.approx(80)
    add(meter, 3)
    assert meter.progress(step=3, epoch=0.1, learning_rate=0.1, done=1.0).remaining_seconds == 0
