"""The stores, the feed, the migrations and the races over a real Postgres: the same tests again, in a session of their
own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings

from tests.postgres import Postgres, programs

SUITES = (
    "tests/jobs/test_stores.py", "tests/webapp/runs/test_feed.py", "tests/webapp/runs/test_store.py",
    "tests/webapp/test_migrations.py", "tests/webapp/test_moving.py", "tests/webapp/test_races.py",
)  # fmt: skip


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


OUTAGE = """
import sys
import django
django.setup()
from django.core.management import call_command
from jobs.ports import Unavailable
from tests.jobs.desks import OrmDesk
from tests.webapp.runs.events import feed, progress, started

call_command("migrate", verbosity=0)
desk = OrmDesk(None)
desk.queue("run")
claim = desk.runs.claim("w")
body = feed(started(), progress(1), progress(2))
desk.runs.append(claim, body[:1])
print("stop", flush=True)
sys.stdin.readline()
for call in (lambda: desk.runs.append(claim, body), lambda: desk.runs.renew(claim), lambda: desk.runs.claim("w")):
    try:
        call()
    except Unavailable:
        continue
    sys.exit("an outage went unnoticed")
print("start", flush=True)
sys.stdin.readline()
desk.runs.renew(claim)
desk.runs.append(claim, body)
assert desk.events("run") == body
print("whole", flush=True)
"""


@pytest.mark.skipif(programs() is None, reason="no Postgres on this machine: initdb and pg_ctl are missing")
def test_an_outage_is_unavailable_and_then_over(tmp_path):
    server = Postgres()
    server.start()
    environ = {"DATABASE_URL": server.url, "UNROLL_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    with subprocess.Popen(
        [sys.executable, "-c", OUTAGE], cwd=settings.BASE_DIR, env=os.environ | environ,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    ) as worker:  # fmt: skip
        try:
            for said, act in (("stop", server.pause), ("start", server.go_on)):
                assert worker.stdout.readline().strip() == said
                act()
                worker.stdin.write("\n")
            assert worker.stdout.readline().strip() == "whole"
        finally:
            worker.kill()
            server.stop()
