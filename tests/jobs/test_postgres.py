"""The stores and the feed over a real Postgres: the same tests again, in a session of their own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings

from tests.postgres import Postgres, programs

SUITES = ("tests/jobs/test_stores.py", "tests/webapp/runs/test_feed.py", "tests/webapp/runs/test_store.py")


@pytest.mark.skipif(programs() is None, reason="no Postgres on this machine: initdb and pg_ctl are missing")
def test_everything_holds_on_postgres_too():
    server = Postgres()
    server.start()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *SUITES, "-p", "no:cacheprovider", "-k", "not memory"],
            cwd=settings.BASE_DIR, env=os.environ | {"UNROLL_TEST_DATABASE_URL": server.url},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
    finally:
        server.stop()
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
