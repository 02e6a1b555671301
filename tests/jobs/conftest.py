from __future__ import annotations

import contextlib
import hashlib

import pytest
from django.conf import settings
from django.utils import timezone

from tests.jobs.desks import MemoryDesk, OrmDesk
from tests.jobs.recipes import TEXT
from tests.processes import running


@pytest.fixture(params=["memory", pytest.param("orm", marks=pytest.mark.django_db(transaction=True))])
def desk(request, tmp_path):
    """Every implementation of the ports in turn. The ORM is that of SQLite, or of Postgres (see test_postgres)."""
    return {"memory": MemoryDesk, "orm": OrmDesk}[request.param](tmp_path)


@pytest.fixture
def start(valkey, transactional_db):
    """Starts a real process of a role, over the data folder, the database and the Redis of the tests."""
    valkey.client.flushall()
    with contextlib.ExitStack() as stack:
        yield lambda role: stack.enter_context(running(role))


@pytest.fixture
def trainable(transactional_db):
    """Queues a run of a recipe on a text that is there: `trainable(recipe) -> Run`."""
    from webapp.datasets import blobs
    from webapp.datasets.models import Dataset, Version
    from webapp.runs.models import Run
    from webapp.teams.models import Team

    part = settings.DATA / "trainable.part"
    part.write_text(TEXT)
    sha256 = hashlib.sha256(TEXT.encode()).hexdigest()
    blobs.put(part, sha256)
    team = Team.objects.create(name="team")
    dataset = Dataset.objects.create(team=team, name="squares")
    version = Version.objects.create(dataset=dataset, filename="squares.txt", sha256=sha256, status="ready")

    def queue(recipe: dict) -> Run:
        return Run.objects.create(team=team, name="run", version=version, recipe=recipe, queued_at=timezone.now())

    return queue
