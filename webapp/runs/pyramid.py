"""The min/max pyramid over a run's points, so that the chart of a million of them reads a few thousand.

A *pixel* of level L is 2**L steps wide: the points with the same ``step >> L`` lie in it. Of each pixel a chart gets
the first point, the last one, and those at which a drawn column is least or greatest (:func:`thin`). What is kept of a
pixel follows from what is kept of its two halves: so a level can be made from the one below it, and a chart is the same
to the digit whether it was made from all points or from a level.

64 pixels of one level that lie side by side are a *tile*. A tile is kept once the run has passed its last step, where
at least DENSE points lie in it; with fewer, reading the points themselves costs as little. Steps only grow until the
run is rewound: then the tiles that hold a step taken back are dropped, and kept anew when the run passes them again. So
there is no tile with a point that does not hold. A tile knows the seq at which it was made: whoever reads the run as it
stood before that does not use it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Min, Sum

from webapp.runs import points
from webapp.runs.models import PointTile, Run

PIXELS = 6  # a tile has 2**6 pixels
DENSE = 4096  # points from which on a tile is worth keeping: 16 blocks

Span = tuple[int, int]  # from step … to step, both included


def level_for(run: Run, start: int | None, end: int | None, width: int) -> tuple[int, Span]:
    """The finest level at which the steps from ``start`` to ``end`` are at most ``width`` pixels, and that span as far
    as the run goes."""
    first = run.blocks.aggregate(first=Min("first_step"))["first"] or 0
    low, high = max(first, start or 0), run.step if end is None else min(end, run.step)
    level = 0
    while (high >> level) - (low >> level) >= width:
        level += 1
    return level, (low, high)


def thin(table: np.ndarray, level: int) -> np.ndarray:
    """Of each pixel of the table (column, point) the points that a chart has to show, in the order of their steps.

    Of equal extremes the earliest counts. At level 0 every point is shown, in the order given: its pixels are single
    steps.
    """
    if level == 0 or table.shape[1] == 0:
        return table
    table = table[:, np.lexsort((table[points.SEQ], table[points.STEP]))]
    pixel = table[points.STEP].astype(np.int64) >> level
    starts = np.flatnonzero(np.diff(pixel, prepend=-1))
    ends = np.append(starts[1:], pixel.size) - 1
    counts = ends - starts + 1
    picked = [starts, ends]
    for name in points.DRAWN:
        values = table[points.COLUMNS.index(name)]
        picked += [_first_least(values, starts, counts), _first_least(-values, starts, counts)]
    return table[:, np.unique(np.concatenate(picked))]


def _first_least(values: np.ndarray, starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """In each group that begins at ``starts`` the index of the first of the least values; none where all are NaN."""
    least = np.minimum.reduceat(np.where(np.isnan(values), np.inf, values), starts)
    hits = np.flatnonzero(values == np.repeat(least, counts))
    group = np.searchsorted(starts, hits, side="right")
    return hits[np.diff(group, prepend=-1) > 0]


def gather(run: Run, level: int, start: int, end: int) -> np.ndarray:
    """Points that hold from step ``start`` to ``end``, among them all that :func:`thin` shows at this level."""
    tables, spans = [points.EMPTY], []
    _collect(run, level, start, end, tables, spans)
    return np.hstack(tables + [points_between(run, *span) for span in spans])


def _collect(run: Run, level: int, start: int, end: int, tables: list[np.ndarray], spans: list[Span]) -> None:
    """Puts together the tiles that there are, of this level or below, and the spans that have none."""
    if start > end:
        return
    if level < 0 or _count(run, start, end) < DENSE:
        spans.append((start, end))
        return
    size = 1 << (level + PIXELS)
    found = run.tiles.filter(level=level, index__gte=-(-start // size), index__lt=(end + 1) // size)
    rows = found.filter(as_of__lte=run.last_seq).order_by("index").values_list("index", "columns")
    cursor = start
    for index, columns in rows:
        _collect(run, level - 1, cursor, index * size - 1, tables, spans)
        tables.append(points.unpack(columns))
        cursor = (index + 1) * size
    _collect(run, level - 1, cursor, end, tables, spans)


def points_between(run: Run, start: int, end: int) -> np.ndarray:
    """The points that hold from step ``start`` to ``end`` as a table (column, point), in the order they were stated."""
    blocks = run.blocks.filter(last_step__gte=start, first_step__lte=end).order_by("first_seq")
    tables = [points.EMPTY, *(points.unpack(columns) for columns in blocks.values_list("columns", flat=True))]
    table = np.hstack(tables)
    seq, step = table[points.SEQ], table[points.STEP]
    # What was appended after the row was read comes to a reader who goes on from there.
    kept = (step <= limits(run.rewinds, seq)) & (seq <= run.last_seq) & (step >= start) & (step <= end)
    return table[:, kept]


def limits(rewinds: Sequence[Sequence[int]], seq: np.ndarray) -> np.ndarray:
    """For each seq the last step that no later ``rewound`` took back; ``rewinds`` is the row's [[seq, step], …]."""
    at = np.array([rewind[0] for rewind in rewinds], float)
    to = np.array([rewind[1] for rewind in rewinds] + [np.inf], float)
    lowest_from_here = np.minimum.accumulate(to[::-1])[::-1]
    return lowest_from_here[np.searchsorted(at, seq, side="right")]


def follow(run: Run, before: int, events: Sequence[dict[str, Any]]) -> None:
    """Brings the tiles up to date with events that were just appended to a run that stood at step ``before``."""
    reached = before
    for event in events:
        if event["kind"] == "rewound":
            reached = min(reached, event["step"])
        elif event["kind"] == "progress":
            reached = min(reached, event["step"] - 1) if event["step"] < reached else reached
    if not run.tiled:
        return
    if reached < before:
        _drop(run, reached)
    _keep(run, reached, run.step)


def _drop(run: Run, reached: int) -> None:
    """Drops the tiles that a run which stands at step ``reached`` has not passed."""
    run.tiles.filter(last_step__gte=reached).delete()


def _keep(run: Run, before: int, now: int) -> None:
    """Keeps the tiles in which the run stood at step ``before`` and which it has passed since.

    What lies between the two steps is one batch, too little to be worth a tile of its own.
    """
    passed = range((max(before, 0) ^ max(now, 0)).bit_length() - PIXELS)
    sizes = [1 << (level + PIXELS) for level in passed]
    spans = [(before // size * size, (before // size + 1) * size - 1) for size in sizes]
    dense = len(spans)
    while dense and _count(run, *spans[dense - 1]) >= DENSE:
        dense -= 1
    for level in passed[dense:]:
        _make(run, level, before >> (level + PIXELS))


def _make(run: Run, level: int, index: int) -> None:
    size = 1 << (level + PIXELS)
    first, last = index * size, (index + 1) * size - 1
    table = thin(gather(run, level - 1, first, last), level)
    PointTile(
        run=run,
        level=level,
        index=index,
        last_step=last,
        as_of=run.last_seq,
        columns=table.tobytes(),
    ).save()


@transaction.atomic
def rebuild(run_id: str) -> None:
    """Makes the whole pyramid of a run anew, as of a run that is older than pyramids are."""
    run = Run.objects.select_for_update().get(id=run_id)
    run.tiles.all().delete()
    for level in range(max(0, run.step.bit_length() - PIXELS)):
        for index in _dense(run, level + PIXELS):
            _make(run, level, index)
    run.tiled = True
    run.save(update_fields=["tiled"])


def _dense(run: Run, bits: int) -> list[int]:
    """Which spans of 2**bits steps the run has passed with DENSE points in them, as :func:`_count` counts."""
    first, last, count = np.array(run.blocks.values_list("first_step", "last_step", "count"), np.int64).reshape(-1, 3).T
    index = np.unique(np.concatenate([first, last]) >> bits)
    index = index[(index + 1) << bits <= run.step]
    from_here = _sum_from(last, count, index << bits)
    return index[from_here - _sum_from(first, count, (index + 1) << bits) >= DENSE].tolist()


def _sum_from(steps: np.ndarray, counts: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The sum of the counts whose step is at least each edge."""
    order = np.argsort(steps)
    totals = np.append(np.cumsum(counts[order][::-1])[::-1], 0)
    return totals[np.searchsorted(steps[order], edges)]


def _count(run: Run, start: int, end: int) -> int:
    """How many points at most were stated from step ``start`` to ``end``, those taken back among them."""
    blocks = run.blocks.filter(last_step__gte=start, first_step__lte=end)
    return blocks.aggregate(points=Sum("count"))["points"] or 0
