"""What Linux says and does about processes; elsewhere nothing, and process groups have to do."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def adopt_orphans(wanted: bool = True) -> None:
    """Makes this process the parent of those below it that lose theirs, so that none can slip away; or no longer."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)


def children() -> list[int]:
    """The children of this process, ended ones that nobody took notice of among them."""
    found = []
    for listed in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):  # a thread that ended meanwhile
            found += map(int, listed.read_text().split())
    return found


def reap(pid: int) -> bool:
    """Takes the exit status of an ended child; whether it had ended."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True
