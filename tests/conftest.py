"""What every test may ask for: a Redis, three people, a folder of real texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from tests.valkey import Valkey

REAL_DATA = settings.BASE_DIR.parent / "shared" / "data"


@pytest.fixture(scope="session")
def valkey():
    """A real Redis at ``settings.REDIS_URL``. Tests that stop it start it again."""
    server = Valkey(settings.REDIS_URL, settings.DATA / "valkey")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real texts beside the checkout; a test that needs it is skipped where it is missing."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"the real texts are not here: no folder {REAL_DATA}")
    return REAL_DATA


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup):
    """The database as pytest-django makes it; between tests that commit it is emptied, which the history refuses."""
    from django.db import connection

    from webapp.teams.seal import break_seal, seal

    empty = connection.ops.execute_sql_flush

    def execute_sql_flush(statements):
        break_seal(connection)
        try:
            empty(statements)
        finally:
            seal(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection.ops, "execute_sql_flush", execute_sql_flush)
        yield


def _person(name: str):
    from webapp.accounts.services import create_user

    return create_user(email=f"{name}@example.org", password="a good long password")


@pytest.fixture
def alice(db):
    """Owns her personal team, to which most things in the tests belong."""
    return _person("alice")


@pytest.fixture
def bob(alice):
    """Edits in alice's team."""
    from webapp.teams.models import Membership, Role

    user = _person("bob")
    Membership.objects.create(team=alice.personal_team, user=user, role=Role.EDITOR)
    return user


@pytest.fixture
def charlie(db):
    """An outsider."""
    return _person("charlie")
