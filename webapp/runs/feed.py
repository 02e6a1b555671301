"""A run's events in the database: appended in order, read back to the letter, drawn as charts.

``progress`` events are packed into blocks of columns, all others are facts with a row each; together they are the
feed. Nothing here asks who may see a run: the caller got it from a selector.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from django.db import transaction

from rnncore.events import iso, ms_of
from webapp.runs import points, projection, pyramid
from webapp.runs.models import Fact, PointBlock, Run

BLOCK = 256  # points in a block at most: a block is rewritten with every batch until it is full
LASTING = frozenset({"started", "baseline", "rewound"})  # hold whatever step a run goes on from
BATCH = 1000  # events in memory at a time while a feed is refilled

Event = dict[str, Any]


def append(run: Run, events: Sequence[Event]) -> list[Event]:
    """Appends those events that are new, by seq, and brings the row up to date; returns them.

    The caller holds the row locked in a transaction. Raises ValueError when events are missing in between.
    """
    new = [event for event in events if event["seq"] > run.last_seq]
    for expected, event in enumerate(new, run.last_seq + 1):
        if event["seq"] != expected:
            raise ValueError(f"run {run.id}: event {expected} is missing before {event['seq']}")
    if not new:
        return new
    rewound, before = False, run.step
    for event in new:
        projection.apply(run, event)
        rewound |= event["kind"] == "rewound"
    Fact.objects.bulk_create(_fact(run, event) for event in new if event["kind"] != "progress")
    _append_points(run, [event for event in new if event["kind"] == "progress"])
    pyramid.follow(run, before, new)
    if rewound:
        run.best = _best(run)
    run.save(update_fields=projection.FIELDS)
    return new


@transaction.atomic
def refill(run: Run, events: Iterable[Event]) -> int:
    """Puts these events in the place of all that are kept of the run; returns the last seq."""
    run.facts.all().delete()
    run.blocks.all().delete()
    run.tiles.all().delete()
    projection.reset(run)
    batch: list[Event] = []
    for event in events:
        batch.append(event)
        if len(batch) == BATCH:
            append(run, batch)
            batch = []
    append(run, batch)
    run.save(update_fields=projection.FIELDS)
    return run.last_seq


def events_after(run_id: str, after: int, limit: int) -> list[Event]:
    """The events past seq ``after``, in order, at most ``limit``, as the trainer stated them."""
    # A batch may be committed between two of these queries: what lies past the row's last_seq is left for next time.
    last = Run.objects.values_list("last_seq", flat=True).get(id=run_id)
    facts = Fact.objects.filter(run=run_id, seq__gt=after, seq__lte=last).order_by("seq")[:limit]
    merged = [_event(fact) for fact in facts]
    merged += points.as_events(_points_after(run_id, after, last, limit))
    return sorted(merged, key=lambda event: event["seq"])[:limit]


def samples(run: Run) -> list[Event]:
    """The ``sampled`` events that still hold, in order."""
    return facts(run, ("sampled",))


def evaluations(run: Run) -> list[Event]:
    """The ``evaluated`` events that still hold, in order."""
    return facts(run, ("evaluated",))


def facts(run: Run, kinds: Sequence[str] = ()) -> list[Event]:
    """The events of these kinds (by default all but ``progress``) that still hold, in order, up to ``run.last_seq``."""
    rows = run.facts.filter(seq__lte=run.last_seq).order_by("seq")
    found = list(rows.filter(kind__in=kinds) if kinds else rows)
    limits = pyramid.limits(run.rewinds, np.array([fact.seq for fact in found], float))
    return [
        _event(fact) for fact, limit in zip(found, limits, strict=True) if fact.step <= limit or fact.kind in LASTING
    ]


def facts_at(run: Run, seqs: Sequence[int]) -> list[Event]:
    """The facts of these seqs, in order."""
    chunks = [seqs[first : first + BATCH] for first in range(0, len(seqs), BATCH)]
    return [_event(fact) for chunk in chunks for fact in run.facts.filter(seq__in=chunk).order_by("seq")]


def history(
    run: Run, start: int | None = None, end: int | None = None, width: int = 800, columns: Sequence[str] = points.VALUES
) -> dict[str, list[float | None]]:
    """The points that still hold from step ``start`` to ``end``, as columns, thinned for a chart ``width`` pixels wide.

    Besides ``columns`` there is always ``step``. Of each pixel (a power of two of steps, at most ``width`` of them) the
    first and the last point stay, and those at which a column of ``points.DRAWN`` is least or greatest: no spike is
    lost, and the same question has the same answer. Nothing past the row's last_seq is among them: what is appended
    meanwhile comes to a reader who goes on from there.
    """
    if not run.tiled:
        pyramid.rebuild(run.id)
    level, span = pyramid.level_for(run, start, end, width)
    table = pyramid.thin(pyramid.gather(run, level, *span), level)
    rows = {name: table[points.COLUMNS.index(name)].tolist() for name in columns}
    return {
        "step": table[points.STEP].astype(int).tolist(),
        **{name: [None if value != value else value for value in row] for name, row in rows.items()},
    }


def _event(fact: Fact) -> Event:
    return {"seq": fact.seq, "at": iso(fact.at), "kind": fact.kind, "step": fact.step, **fact.body}


def _fact(run: Run, event: Event) -> Fact:
    return Fact(
        run=run, seq=event["seq"], step=event["step"], kind=event["kind"], at=ms_of(event["at"]),
        body=projection.own(event),
    )  # fmt: skip


def _append_points(run: Run, new: Sequence[Event]) -> None:
    """Fills the last block up and begins others."""
    if not new:
        return
    table = points.unpack(points.pack(new))
    last = run.blocks.order_by("-first_seq").first()
    if last and last.count < BLOCK:
        table = np.hstack([points.unpack(last.columns), table])
    else:
        last = None
    for first in range(0, table.shape[1], BLOCK):
        part = table[:, first : first + BLOCK]
        seq, step = part[0].astype(int), part[points.STEP].astype(int)
        PointBlock(
            id=last.id if last and first == 0 else None, run=run, count=part.shape[1], columns=part.tobytes(),
            first_seq=int(seq[0]), last_seq=int(seq[-1]), first_step=int(step.min()), last_step=int(step.max()),
        ).save()  # fmt: skip


def _points_after(run_id: str, after: int, last: int, limit: int) -> np.ndarray:
    tables, count = [points.EMPTY], 0
    blocks = PointBlock.objects.filter(run=run_id, last_seq__gt=after, first_seq__lte=last).order_by("first_seq")
    for block in blocks.iterator(chunk_size=8):
        table = points.unpack(block.columns)
        table = table[:, (table[0] > after) & (table[0] <= last)]
        tables.append(table)
        count += table.shape[1]
        if count >= limit:
            break
    return np.hstack(tables)[:, :limit]


def _best(run: Run) -> dict[str, Any] | None:
    """The best validation that still holds: what was better may have been taken back."""
    valid = [event for event in evaluations(run) if event["split"] == "valid" and event["loss"] is not None]
    best = min(valid, key=lambda event: event["loss"], default=None)
    return best and {"step": best["step"], "loss": best["loss"], "metrics": best["metrics"]}
