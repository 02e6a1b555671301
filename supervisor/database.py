"""Brings the database up to date, and knows without asking it when it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from supervisor import commands, locks
from supervisor.console import Step
from supervisor.environment import Environment
from supervisor.stamps import Stamps, fingerprint


def prepare(environment: Environment, data: Path, environ: Mapping[str, str]) -> None:
    """Runs the migrations where there may be new ones. Raises :class:`~supervisor.console.Problem`."""
    if _current(environment.root, data, environ):
        return
    lock = locks.take(data / "migrate.lock", wait=True)
    try:
        if _current(environment.root, data, environ):
            return
        step = Step("Database")
        command = [environment.python, environment.root / "manage.py", "migrate", "--no-input"]
        commands.run(step, command, data / "migrate.log", environ=environ, cwd=environment.root)
        _stamps(data).set(migrated=_key(environment.root, data))
        step.done()
    finally:
        os.close(lock)


def _stamps(data: Path) -> Stamps:
    return Stamps(data / "studio.json")


def _current(root: Path, data: Path, environ: Mapping[str, str]) -> bool:
    # Of a database elsewhere nobody here knows who changes it: there Django looks each time.
    key = None if environ.get("DATABASE_URL") else _key(root, data)
    return key is not None and _stamps(data).get("migrated") == key


def _key(root: Path, data: Path) -> str | None:
    """Which file was migrated, by which migrations; None while there is none."""
    try:
        file = (data / "db.sqlite3").stat()
    except FileNotFoundError:
        return None
    migrations = sorted(root.glob("webapp/*/migrations/*.py"))
    return fingerprint(f"{file.st_dev}:{file.st_ino}", root / "requirements" / "base.txt", *migrations)
