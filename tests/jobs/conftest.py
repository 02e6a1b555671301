from __future__ import annotations

import pytest

from tests.jobs.desks import MemoryDesk, OrmDesk


@pytest.fixture(params=["memory", pytest.param("orm", marks=pytest.mark.django_db(transaction=True))])
def desk(request, tmp_path):
    """Every implementation of the ports in turn. The ORM is that of SQLite, or of Postgres (see test_postgres)."""
    return {"memory": MemoryDesk, "orm": OrmDesk}[request.param](tmp_path)
