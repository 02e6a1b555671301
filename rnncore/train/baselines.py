"""Baselines, computed beside a training by a process of low priority."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from rnncore.events import Baseline

PATIENCE = 120.0
"""Seconds that a finished training waits for baselines that are not known yet."""


class Baselines:
    """The baselines of ``spec`` (see :mod:`rnncore.baselines`), as they become known; of None, there are none.

    ``known``: names that need not be stated again. A context manager: what is not finished at its end is given up.
    """

    def __init__(self, spec: dict[str, Any] | None, known: set[str]) -> None:
        self.spec, self.known = spec, known

    def __enter__(self) -> Baselines:
        self._found: SimpleQueue[Baseline] = SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        if self.spec is not None:
            command = [sys.executable, "-m", "rnncore.baselines", json.dumps(self.spec)]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            self._reader = Thread(target=self._read, daemon=True)
            self._reader.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._reader.join()
            self._process.stdout.close()

    def ready(self) -> list[Baseline]:
        """Those that became known since the last call."""
        found = []
        while True:
            try:
                baseline = self._found.get_nowait()
            except Empty:
                return found
            if baseline.name not in self.known:
                found.append(baseline)

    def wait(self, tick: Callable[[], None]) -> list[Baseline]:
        """The rest of them, once there are no more to come. ``tick`` is called while it waits, and may raise."""
        end = time.monotonic() + PATIENCE
        while self._process is not None and self._reader.is_alive() and time.monotonic() < end:
            tick()
            self._reader.join(0.05)
        return self.ready()

    def _read(self) -> None:
        for line in self._process.stdout:
            self._found.put(Baseline(**json.loads(line)))
