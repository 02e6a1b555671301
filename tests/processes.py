"""The studio's processes as they really are, over the test's data folder, database and Redis."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection


def environment() -> dict[str, str]:
    """What makes a process share everything with the test."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "DATABASE_URL": _database_url(),
        "UNROLL_DATA": str(settings.DATA),
        "REDIS_URL": settings.REDIS_URL,
    }


def _database_url() -> str:
    """The tests' own database, as a setting."""
    if connection.vendor == "sqlite":
        return f"sqlite:///{connection.settings_dict['NAME']}"
    return "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)


@contextlib.contextmanager
def running(role: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of this role (see :mod:`jobs.roles`) while the block runs."""
    if role == "training":
        _calibrate()
    command = [sys.executable, "-m", "jobs.roles", role, *options]
    process = subprocess.Popen(command, env=environment(), cwd=settings.BASE_DIR)
    try:
        yield process
    finally:
        process.terminate()
        process.send_signal(signal.SIGCONT)  # a test may have frozen it
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _calibrate() -> None:
    """The machine's speed is known: a training worker would else measure it as soon as it is idle."""
    speed = {"flops": 1.2e11, "step_overhead": 2e-5, "fixed": 2e-3}
    (settings.DATA / "calibration.json").write_text(json.dumps(speed))


def maps_of(pid: int) -> str:
    """The files that are mapped into a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return Path(f"/proc/{pid}/maps").read_text() + "".join(maps_of(int(child)) for child in children)
