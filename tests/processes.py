"""The studio's real processes, started from ``jobs.roles`` like ``studio up`` does, for tests that end them roughly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil
from django.conf import settings


class Processes:
    """Processes over one data folder; each writes its log there. ``end`` leaves none behind."""

    def __init__(self, data: Path, environ: Mapping[str, str]) -> None:
        self.data = data
        self.environ = {
            **{name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")},
            "DJANGO_SETTINGS_MODULE": "webapp.settings", "UNROLL_DATA": str(data), **environ,
        }  # fmt: skip
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, role: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Starts a role; its log is ``<role>.log``."""
        with self.log(role).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "jobs.roles", role, *arguments], cwd=settings.BASE_DIR, env=self.environ,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self.started.append(process)
        return process

    def manage(self, *arguments: str) -> str:
        """Runs a management command; what it printed, without the last line end."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=settings.BASE_DIR, env=self.environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def log(self, role: str) -> Path:
        return self.data / f"{role}.log"

    def logs(self) -> str:
        """Everything that was logged, for the message of a failing test."""
        return "\n".join(f"== {path.name}\n{path.read_text()[-5000:]}" for path in sorted(self.data.glob("*.log")))

    def end(self) -> None:
        """Ends all, first with SIGTERM, and whatever they started."""
        everything = [child for process in self.started if process.poll() is None for child in _family(process.pid)]
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for process in everything:
            if process.is_running():
                process.kill()


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []
