"""A whole studio, started as people start it, for tests."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENVIRON = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("UNROLL_") and name not in ("REDIS_URL", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
} | {"UNROLL_VENV": sys.prefix}  # fmt: skip


class Studio:
    """A `studio up` on a data folder. It prints into a file beside that, so that it never waits for a reader."""

    def __init__(self, data: Path, port: int) -> None:
        self.data, self.port = data, port
        self._log = data.parent / f"up-{port}-{time.monotonic_ns()}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [ROOT / "studio", "up", "--data", data, "--port", str(port), "--no-browser"],
                stdout=log, stderr=subprocess.STDOUT, env=ENVIRON, cwd=data.parent,
            )  # fmt: skip

    @property
    def lines(self) -> list[str]:
        """What it has printed."""
        return self._log.read_text().splitlines(keepends=True)

    def wait_until_ready(self) -> list[str]:
        """What it printed until it was ready."""
        while self.process.poll() is None:
            lines = self.lines
            ready = [number for number, line in enumerate(lines, 1) if line.startswith("Unroll is ready at ")]
            if ready and lines[ready[0] - 1].endswith("\n"):
                return lines[: ready[0]]
            time.sleep(0.05)
        pytest.fail("it ended before it was ready:\n" + "".join(self.lines))

    def healthz(self) -> dict:
        return json.load(urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz"))

    def processes(self) -> dict[int, str]:
        """All processes that work on its data folder, with their command lines, wherever they may hang."""
        return processes_on(self.data)

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()


def processes_on(data: Path) -> dict[int, str]:
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            environ = (folder / "environ").read_bytes().split(b"\0")  # Redis writes its title over its own
            if f"UNROLL_DATA={data}".encode() in environ or (folder / "cwd").readlink().is_relative_to(data):
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
    return found
