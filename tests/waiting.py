"""Waiting for what other processes do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(holds: Callable[[], T], seconds: float = 120) -> T:
    """What ``holds`` answers as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (answer := holds()):
        assert time.monotonic() < deadline, f"it did not come to pass within {seconds:.0f} s"
        time.sleep(0.02)
    return answer
