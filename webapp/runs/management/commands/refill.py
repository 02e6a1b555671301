"""Rebuilds what the database knows of a run's events from its ``events.jsonl``, which is the truth."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from jobs import follow
from webapp.runs import feed
from webapp.runs.models import Run
from webapp.runs.store import folder


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser) -> None:
        parser.add_argument("run", help="the run's id")

    def handle(self, *, run: str, **options) -> None:
        path = folder(run) / follow.EVENTS
        if not path.exists():
            raise CommandError(f"There is no {path}.")
        with transaction.atomic():
            row = Run.objects.select_for_update().filter(id=run).first()
            if row is None:
                raise CommandError(f"There is no run {run}.")
            last = feed.refill(row, follow.events(path))
        self.stdout.write(f"{last} events")
