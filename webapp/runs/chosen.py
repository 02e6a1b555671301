"""The facts of a run that its page gets: all of a short run; of a long one so many of each kind, evenly."""

from __future__ import annotations

from typing import Any

import numpy as np

from webapp.runs import feed, pyramid
from webapp.runs.models import Run

SAMPLED_STEPS = 200  # steps with samples at most
MOST = 1000  # of any other kind that comes again and again
COMES_AGAIN = ("evaluated", "diagnosed", "checkpointed")

Event = dict[str, Any]


def chosen(run: Run) -> list[Event]:
    """The facts that hold, in order, the first and the last of each kind and the best evaluation for sure.

    Where some are left out, only those that stay are read whole.
    """
    rows = list(run.facts.filter(seq__lte=run.last_seq).order_by("seq").values_list("seq", "step", "kind"))
    seq, step = (np.array([row[column] for row in rows], np.int64) for column in (0, 1))
    kind = np.array([row[2] for row in rows], str)
    holds = (step <= pyramid.limits(run.rewinds, seq)) | np.isin(kind, list(feed.LASTING))
    kept = holds.copy()
    kept[kind == "sampled"] &= np.isin(step[kind == "sampled"], _evenly(np.unique(step[holds & (kind == "sampled")])))
    for name in COMES_AGAIN:
        of_kind = np.flatnonzero(holds & (kind == name))
        kept[of_kind] = np.isin(of_kind, _evenly(of_kind, MOST))
    if run.best:
        kept |= holds & (kind == "evaluated") & (step == run.best["step"])
    return feed.facts(run) if (kept == holds).all() else feed.facts_at(run, seq[kept].tolist())


def _evenly(values: np.ndarray, most: int = SAMPLED_STEPS) -> np.ndarray:
    """At most so many of the values, the first and the last among them."""
    if values.size <= most:
        return values
    return values[np.linspace(0, values.size - 1, most).round().astype(int)]
