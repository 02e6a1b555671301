"""Settings for the tests: the studio's own, over a data folder that lives and dies with this session.

pytest-django loads the settings before any conftest, so the environment is set here. ``UNROLL_TEST_DATABASE_URL``
moves the tests to another database (the Postgres test does); a ``DATABASE_URL`` of the shell is left alone.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import tempfile


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


os.environ["UNROLL_DATA"] = tempfile.mkdtemp(prefix="unroll-test-")
os.environ["REDIS_URL"] = f"redis://:test@127.0.0.1:{_free_port()}/0"  # where the fixture `valkey` will listen
os.environ.pop("DATABASE_URL", None)
if _url := os.environ.pop("UNROLL_TEST_DATABASE_URL", None):
    os.environ["DATABASE_URL"] = _url
for _name in [name for name in os.environ if name.startswith("UNROLL_") and name not in ("UNROLL_DATA", "UNROLL_VENV")]:
    del os.environ[_name]
atexit.register(shutil.rmtree, os.environ["UNROLL_DATA"], ignore_errors=True)

from webapp.settings import *  # noqa: E402, F403
from webapp.settings import DATA, DATABASES  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not SQLite's memory: threads and worker processes share it.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA / "test.sqlite3")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one costs 0.3 s a user
