"""The training process: ``python -m rnncore train``, started, asked to end, ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil
from django.conf import settings

from jobs.workplace import LOG

NICENESS = 5  # whoever waits for a page or a next token goes first; more would starve a training beside a busy desktop
TAIL = 4000  # bytes of the log that a failure is explained with

# What a training has no business with: it knows neither the database nor anybody's secrets.
_PRIVATE = ("DATABASE_URL", "REDIS_URL", "UNROLL_SECRET_KEY", "STORAGE_URL")


class Trainer:
    """A running ``rnncore train`` in a run's folder, in a session of its own.

    It ends by itself when its standard input closes, which the operating system does when this process dies.
    """

    def __init__(self, folder: Path, arguments: Sequence[str], *, device: str | None, threads: int | None) -> None:
        self._log = folder / LOG
        with self._log.open("ab") as log:
            log.write(f"── {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC ──\n".encode())
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "rnncore", *arguments], cwd=folder, env=environment(device, threads),
                stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        yield_to_others(self._process.pid)

    def poll(self) -> int | None:
        """The exit code (negative: the signal that ended it), None while it runs."""
        return self._process.poll()

    def wait(self, seconds: float) -> None:
        """Returns as soon as it has ended, at the latest after ``seconds``."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def ask_to_end(self) -> None:
        """It finishes the step, writes a checkpoint and exits with 3."""
        self._process.terminate()

    def kill(self) -> None:
        """Ends it at once, if it still runs. Its last checkpoint is whole."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()

    def last_words(self) -> str:
        """The end of what this process printed."""
        with self._log.open("rb") as log:
            log.seek(max(self._log_start, log.seek(0, os.SEEK_END) - TAIL))
            return log.read().decode("utf-8", "replace").strip()


def yield_to_others(pid: int) -> None:
    """Lowers the priority of a process that has just been started, before it has threads."""
    with contextlib.suppress(psutil.Error):
        psutil.Process(pid).nice(NICENESS)
    # Where Linux groups processes by session to share out the processor, niceness counts only within a session, and the
    # session has a niceness of its own.
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(NICENESS))


def signal_name(code: int) -> str:
    """``SIGKILL`` for an exit code of -9."""
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def environment(device: str | None = None, threads: int | None = None) -> dict[str, str]:
    """What a process of the engine gets to see of ours."""
    found = {name: value for name, value in os.environ.items() if name not in _PRIVATE}
    path = [str(settings.BASE_DIR), *filter(None, [os.environ.get("PYTHONPATH")])]
    found |= {"PYTHONPATH": os.pathsep.join(path), "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    if device is not None:
        found["CUDA_VISIBLE_DEVICES"] = device
    if threads is not None:
        found["OMP_NUM_THREADS"] = str(threads)
    return found
