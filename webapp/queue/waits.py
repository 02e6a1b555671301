"""About when waiting runs will start: what trains and what is before them, dealt to the training slots in order."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence

from webapp.runs.models import Run


def left(run: Run) -> float | None:
    """Seconds of training that a run still wants: as its trainer said last, else as it was planned; None: unknown."""
    said = run.latest.get("remaining_seconds")
    return said if said is not None or run.step else run.planned_seconds


def starts(running: Sequence[float | None], waiting: Sequence[float | None], slots: int) -> list[float | None]:
    """In how many seconds each waiting run starts, given the seconds that each run wants; None where nobody can say.

    >>> starts([60, 10], [100, 5, 5], slots=2)
    [10, 60, 65]
    """
    if not slots:
        return [None] * len(waiting)
    ends = sorted(_known(seconds) for seconds in running)
    free = [0.0] * (slots - len(ends)) + ends[max(0, len(ends) - slots) :]  # more may run than slots are known of
    heapq.heapify(free)
    found = []
    for seconds in waiting:
        at = heapq.heappop(free)
        found.append(None if math.isinf(at) else at)
        heapq.heappush(free, at + _known(seconds))
    return found


def _known(seconds: float | None) -> float:
    return math.inf if seconds is None else max(0.0, seconds)
