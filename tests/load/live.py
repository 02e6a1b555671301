"""A run that states events for a while, as a trainer and its supervisor do, without the training.

    python -m tests.load.live --data DIR RUN --seconds 30 --rate 4

The run has to be one that :mod:`tests.load.viewers` made. Prints the last seq.
"""

from __future__ import annotations

import argparse
import itertools
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rnncore.events import iso, now_ms
from tests.load import scratch

TICK = 0.25  # seconds between two looks of a supervisor (jobs.supervisor)
SAMPLE_EVERY = 20  # points

Event = dict[str, Any]


def state(append: Callable[[list[Event]], object], seconds: float, rate: float) -> int:
    """States ``rate`` points a second, now and then an evaluation and samples, and hands them on once a tick.

    Returns the last seq.
    """
    begin, stated = time.monotonic(), _events()
    pending: list[Event] = []
    seq, points, tick = 0, 0, begin + TICK
    while (now := time.monotonic()) < begin + seconds:
        if now >= begin + (points + 0.5) / rate:
            points += 1
            for event in next(stated):
                seq += 1
                pending.append({"seq": seq, "at": iso(now_ms()), **event})
        if now >= tick:
            append(pending)
            pending, tick = [], tick + TICK
        time.sleep(max(0.0, min(tick, begin + (points + 0.5) / rate) - time.monotonic()))
    append(pending)
    return seq


def _events() -> Iterator[list[Event]]:
    chance = random.Random(3)
    for step in itertools.count(1):
        events = [scratch.point(step, 100_000, chance)]
        if step % SAMPLE_EVERY == 0:
            events.append({"kind": "evaluated", "step": step, "split": "valid", "loss": 1.5, "metrics": {}})
            events += [
                {"kind": "sampled", "step": step, "prompt": "", "temperature": heat, "text": "To be or not. " * 20}
                for heat in (0.5, 0.8, 1.0)
            ]
        yield events


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load.live", description=__doc__.partition("\n")[0])
    parser.add_argument("run")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=4.0)
    given = parser.parse_args()
    scratch.connect(given.data.resolve())
    from jobs.ports import Claim, Source
    from webapp.runs.models import Run
    from webapp.runs.store import RunStore, folder

    run, store, nothing = Run.objects.get(id=given.run), RunStore(), Source(Path(), "")
    claim = Claim(
        run_id=run.id, fence=run.fence, attempt=1, recipe=run.recipe, data=nothing, valid=None, test=None,
        folder=folder(run.id), last_seq=0,
    )  # fmt: skip
    print(state(lambda events: events and store.append(claim, events), given.seconds, given.rate))
    time.sleep(1.0)  # the last messages are on their way
    Run.objects.filter(id=given.run).update(status="finished")


if __name__ == "__main__":
    main()
