"""A database from before a migration that moves rows, with rows in it, is brought to today and back.

On SQLite as on Postgres (see tests/jobs/test_postgres.py), which refuses some of what the other lets through.
"""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from webapp.accounts.models import User
from webapp.datasets.selectors import dataset_for
from webapp.models.models import Model, Share
from webapp.runs.models import Run
from webapp.teams.history import note
from webapp.teams.models import Entry

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = [("datasets", "0002_roles_and_synthetic"), ("models", "0001_initial"), ("runs", "0002_plans_and_deaths")]
"""The last before rows were moved; the other apps have moved none."""
RECIPE = {"task": {"kind": "classification"}, "network": {"cell": "gru"}}
CARD = {
    "description": "what it is", "licence": "MIT", "note": "", "task": "classification", "evaluation": {"loss": 0.5},
    "samples": [{"text": "half \0 of it"}],
}  # fmt: skip


def migrate(targets=None):
    """To these migrations, by default to the last; the tables as they are there."""
    executor = MigrationExecutor(connection)
    targets = targets or executor.loader.graph.leaf_nodes()
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps.get_model


@pytest.fixture
def tables():
    """The tables as they were then, empty; afterwards they are as all other tests need them."""
    yield migrate(BEFORE)
    call_command("migrate", verbosity=0)


@pytest.fixture
def filled(tables):
    """What a studio held then: a person, a team, data, runs, a model and its link."""
    user = tables("accounts", "User").objects.create(id="alice", email="a@example.org", password="none")
    team = tables("teams", "Team").objects.create(id="team", name="team", personal_of=user)
    tables("teams", "Membership").objects.create(team=team, user=user, role="owner")
    dataset = tables("datasets", "Dataset").objects.create(id="data", team=team, name="data", created_by=user)
    version = tables("datasets", "Version").objects.create(
        id="version", dataset=dataset, filename="a.csv", status="ready", bytes=9, inspection={
            "format": "csv", "columns": [{}], "statistics": {"records": 7, "characters": 90}, "problems": [{}],
        },
    )  # fmt: skip
    runs = tables("runs", "Run").objects
    given = {"team": team, "version": version, "queued_at": timezone.now(), "recipe": RECIPE}
    run = runs.create(id="best", name="best", filled=RECIPE, best={"step": 3, "loss": 0.25, "metrics": {}}, **given)
    runs.create(id="plain", name="plain", **{**given, "recipe": {"task": {"kind": "language_model"}}})
    model = tables("models", "Model").objects.create(
        id="model", team=team, name="model", task="classification", step=3, metrics={"loss": 0.5}, card=CARD,
        baseline={"name": "majority"}, bytes=54, created_by=user, dataset=dataset, run=run,
    )  # fmt: skip
    tables("models", "Share").objects.create(id="share", model=model, sha256="0", opened=4, created_by=user)
    return tables


def test_there_and_back(filled):
    migrate()
    today()
    before(migrate(BEFORE))
    migrate()
    migrate([("models", "0002_versions")])
    migrate()
    assert Model.objects.get().newest.facts["evaluation"] == {"loss": 0.5}


def today():
    """What lists and pages show is there."""
    user = User.objects.get()

    version = dataset_for(user, "data").version
    assert (version.format, version.summary) == ("csv", {"amount": 7, "unit": "records", "notes": 1})
    assert version.created_by == user

    listed = {run[0]: run[1:] for run in Run.objects.values_list("id", "task_kind", "cell", "best_loss", "tiled")}
    assert listed == {"best": ("classification", "gru", 0.25, False), "plain": ("language_model", "", None, False)}

    model, share = Model.objects.get(), Share.objects.get()
    first = model.newest
    assert (first.id, first.number, first.step, first.bytes) == ("model", 1, 3, 54)
    assert model.numbered == 1
    assert (first.run_id, first.dataset_id, first.created_by, first.created_at) == (
        "best", "data", user, model.created_at)  # fmt: skip
    assert (first.metrics, first.baseline) == ({"loss": 0.5}, {"name": "majority"})
    assert first.facts == {name: CARD[name] for name in ("task", "evaluation", "samples")}
    assert model.words == {"description": "what it is", "licence": "MIT"}
    assert (share.shown, share.opened) == (first, 4)

    entry = note(user, "published", model)
    for change in (lambda rows: rows.update(who="x"), lambda rows: rows.delete()):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            change(Entry.objects.filter(id=entry.id))


def before(tables):
    """What the studio of then would show is there."""
    model = tables("models", "Model").objects.get()
    assert (model.step, model.bytes, model.run_id, model.dataset_id) == (3, 54, "best", "data")
    assert (model.metrics, model.baseline) == ({"loss": 0.5}, {"name": "majority"})
    assert {name: value for name, value in CARD.items() if value} == model.card
    assert tables("models", "Share").objects.get().opened == 4
