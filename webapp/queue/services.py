"""Moving runs within the queue. The other things that are done from there are services of the runs themselves."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from webapp.accounts.models import User
from webapp.problems import Conflict
from webapp.runs.models import Run, Status
from webapp.teams.history import note
from webapp.teams.selectors import require_in

TICK = timedelta(microseconds=1)


def move(*, user: User, run: Run, places: int) -> int:
    """Moves a waiting run so many places (to the front: less than 0), as far as there are any; its new place.

    The rows change times with each other, so that what came later stays behind all of them. Raises Conflict when the
    run does not wait any more.
    """
    require_in(user, run.team_id, "train")
    with transaction.atomic():
        waiting = Run.objects.filter(status=Status.QUEUED)
        # All lock in one order; and their times are read once nobody else moves them.
        list(waiting.select_for_update().order_by("id").values_list("id"))
        rows = list(waiting.order_by("queued_at", "id").only("id", "queued_at"))
        here = next((place for place, row in enumerate(rows) if row.id == run.id), None)
        if here is None:
            raise Conflict(f"“{run.name}” does not wait any more.")
        there = min(max(here + places, 0), len(rows) - 1)
        times = [row.queued_at for row in rows]
        for place in range(1, len(times)):  # two may have been queued at the very same moment
            times[place] = max(times[place], times[place - 1] + TICK)
        rows.insert(there, rows.pop(here))
        for row, time in zip(rows, times, strict=True):
            if row.queued_at != time:
                Run.objects.filter(id=row.id).update(queued_at=time)
        if there != here:
            note(user, "placed", run, place=there + 1)
    return there + 1
