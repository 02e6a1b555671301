"""Where a team's page leads to: the shared links of its models, and the things that its history tells of."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from webapp.accounts.models import User
from webapp.datasets.models import Dataset
from webapp.models.models import Model, Share
from webapp.runs.models import Run
from webapp.teams.models import Entry, Team
from webapp.teams.selectors import require_in

THINGS = {"dataset": Dataset, "run": Run, "model": Model}


def links_of(user: User, team: Team) -> QuerySet[Share]:
    """The links that were not revoked, newest first (ended ones among them), each with its model and who made it."""
    require_in(user, team.id, "share")
    alive = Share.objects.filter(model__team=team, revoked_at=None)
    found = alive.select_related("model", "version", "created_by").defer("model__words", "version__facts")
    return found.order_by("-created_at", "-id")


def with_places(entries: Iterable[Entry]) -> list[Entry]:
    """The lines, each with ``place``: the address of its thing, None where that is gone. One query a kind."""
    entries = list(entries)
    for kind, table in THINGS.items():
        ids = {entry.thing_id for entry in entries if entry.kind == kind}
        there = set(table.objects.filter(id__in=ids).values_list("id", flat=True)) if ids else set()
        for entry in entries:
            if entry.kind == kind:
                entry.place = f"/{kind}s/{entry.thing_id}/" if entry.thing_id in there else None
    return entries
