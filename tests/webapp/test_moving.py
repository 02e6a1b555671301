"""From one database to another, as the README says: everything is written down, and read again."""

from __future__ import annotations

from datetime import datetime
from itertools import chain

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from webapp.models import services as models
from webapp.runs import services as runs
from webapp.teams.seal import break_seal, seal

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = [table for table in apps.get_models() if table.__module__.startswith("webapp.")]
WRITE = "--all --format jsonl --exclude contenttypes --exclude auth.permission --exclude sessions"


def rows() -> dict[str, list[dict]]:
    """Of each table; times to the millisecond, which is all that is written."""
    found = {table._meta.label: list(table._base_manager.order_by("pk").values()) for table in TABLES}
    for row in chain(*found.values()):
        for name, value in row.items():
            if isinstance(value, datetime):
                row[name] = value.replace(microsecond=value.microsecond // 1000 * 1000)
            if isinstance(value, memoryview):
                row[name] = bytes(value)
    return found


def test_everything_is_written_and_read_again(alice, bob, make, tmp_path):
    run = make.trained(alice.personal_team, name="nul and “quotes”")
    make.events(run, {"kind": "sampled", "step": 20, "prompt": "\0", "temperature": 1.0, "text": 'a \0 "b" \u2028'})
    progress = {"epoch": 0.1, "loss": 2.0, "learning_rate": 1e-3, "grad_norm": 1.0, "tokens_per_second": 1e3}
    make.events(run, {"kind": "progress", "step": 21, "seconds": 1.0, "remaining_seconds": None, **progress})
    model = models.update(user=bob, model=make.model(alice.personal_team, alice, run=run), card={"note": "a \0"})
    models.share(user=alice, model=model)
    runs.delete(user=alice, run=make.run(alice.personal_team, name="deleted, to be brought back"))
    before = rows()
    assert all(before[table] for table in ("runs.Run", "runs.Fact", "runs.PointBlock", "models.Share", "teams.Entry"))

    call_command("dumpdata", *WRITE.split(), "--output", str(tmp_path / "all.jsonl"), verbosity=0)
    break_seal(connection)
    call_command("flush", interactive=False, verbosity=0)
    seal(connection)
    assert not any(rows().values())
    call_command("loaddata", str(tmp_path / "all.jsonl"), verbosity=0)
    after = rows()
    assert after.keys() == before.keys()
    for table in before:
        assert after[table] == before[table]
    models.share(user=alice, model=model)  # what is counted up goes on where it was
