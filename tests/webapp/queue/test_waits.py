"""When waiting runs start, about."""

from __future__ import annotations

import pytest

from webapp.queue.waits import left, starts
from webapp.runs.models import Run


@pytest.mark.parametrize(("running", "waiting", "slots", "expected"), [
    ([], [], 1, []),
    ([], [100, 5], 1, [0, 100]),  # a free slot is there at once
    ([60], [100, 5], 1, [60, 160]),
    ([60, 10], [100, 5, 5], 2, [10, 60, 65]),  # whichever slot is free first
    ([60], [100, 5], 2, [0, 60]),
    ([60, 10, 30], [5], 1, [60]),  # more train than slots are known of: the last one to end leaves the slot
    ([None], [5], 1, [None]),  # nobody knows when it ends
    ([None, 10], [5, None, 5], 2, [10, 15, None]),
    ([60], [5], 0, [None]),
])  # fmt: skip
def test_runs_are_dealt_to_the_slots_in_order(running, waiting, slots, expected):
    assert starts(running, waiting, slots) == expected


@pytest.mark.parametrize(("status", "step", "latest", "expected"), [
    ("queued", 0, {}, 90), ("running", 0, {}, 90), ("running", 5, {"remaining_seconds": 30}, 30),
    ("queued", 5, {"remaining_seconds": 30}, 30),  # it was put aside in the midst
    ("running", 5, {"remaining_seconds": None}, None),  # only patience ends it
])  # fmt: skip
def test_what_a_run_still_wants(status, step, latest, expected):
    assert left(Run(status=status, step=step, latest=latest, planned_seconds=90)) == expected
