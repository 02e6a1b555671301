"""Locks between processes: an advisory lock on a file, let go by the kernel when its holders are gone."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def take(path: Path, *, wait: bool = False) -> int | None:
    """Locks a file (made when missing) and returns its descriptor; None when it is taken and `wait` is false.

    The lock lasts until every copy of the descriptor is closed, also by the end of the processes that have one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
