"""Asks a service again and again how it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

EAGER, CALM = 0.1, 5.0  # seconds between two questions: until the first good answer, and later


class Health:
    """What a service says of itself, asked in a thread of its own so that a slow answer holds nothing up."""

    def __init__(self, check: Callable[[], str]) -> None:
        self.check = check
        self.complaint = "it has not answered yet"  # "" when all is well
        self.answered: float | None = None  # when it last answered anything at all
        self.well = threading.Event()  # set by the first good answer
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over.set()

    def _ask(self) -> None:
        while not self._over.wait(CALM if self.well.is_set() else EAGER):
            try:
                self.complaint = self.check()
            except OSError as error:
                self.complaint = f"no answer: {error.strerror or error}"
                continue
            self.answered = time.monotonic()
            if not self.complaint:
                self.well.set()
