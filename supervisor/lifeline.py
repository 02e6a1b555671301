"""A small process that ends what the supervisor leaves behind when it is killed: SIGKILL lets nobody tidy up.

The supervisor tells it, down a pipe, which processes it started: `+ PID STAGE` and `- PID`, a line each. When the pipe
ends, whatever is still listed is ended: stage by stage SIGTERM, a grace, then SIGKILL to its whole process group.
It lives in a session of its own, so that a signal to the supervisor's group does not reach it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence

GRACE = (10.0, 2.0)  # seconds between SIGTERM and SIGKILL, by stage: together well under 15


class Lifeline:
    """The supervisor's end of the pipe.

    `outputs` are the pipes that the processes write to: they are read on for them, so that nobody fails because its
    words find no reader. `holding` are descriptors (locks) that stay open until all has ended.
    """

    def __init__(self, outputs: Sequence[int] = (), holding: Sequence[int] = ()) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__, *map(str, outputs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=(*outputs, *holding),
            bufsize=0,
        )
        self.pid = self._process.pid

    def is_open(self) -> bool:
        return not self._process.stdin.closed

    def add(self, pid: int, stage: int) -> None:
        self._tell(f"+ {pid} {stage}\n")

    def remove(self, pid: int) -> None:
        self._tell(f"- {pid}\n")

    def close(self) -> None:
        """Lets it end what is still listed, and waits for it."""
        self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # somebody killed it: the studio runs on, without this net
            self._process.stdin.write(line.encode())


def send(call: Callable[[int, int], None], pid: int, number: int) -> None:
    """`os.kill` or `os.killpg` for a process that may have ended already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
        call(pid, number)


def group_lives(leader: int) -> bool:
    """Whether a process group still has members (zombies count, on Linux)."""
    try:
        os.killpg(leader, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def watch(lines: Iterable[bytes], outputs: Sequence[int]) -> None:
    """The other end: keeps the list, and ends what is on it when the lines end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    stages: dict[int, int] = {}
    for line in lines:
        sign, pid, *stage = line.decode().split()
        if sign == "+":
            stages[int(pid)] = int(stage[0])
        else:
            stages.pop(int(pid), None)
    for stage, grace in enumerate(GRACE):
        _end([pid for pid, its_stage in stages.items() if its_stage == stage], grace, outputs)


def _end(leaders: list[int], grace: float, outputs: Sequence[int]) -> None:
    for pid in leaders:
        send(os.kill, pid, signal.SIGTERM)
    until = time.monotonic() + grace
    while any(map(group_lives, leaders)) and time.monotonic() < until:
        for output in outputs:
            with contextlib.suppress(BlockingIOError):
                os.read(output, 1 << 20)
        time.sleep(0.05)
    for pid in leaders:
        send(os.killpg, pid, signal.SIGKILL)


if __name__ == "__main__":
    watch(sys.stdin.buffer, [int(number) for number in sys.argv[1:]])
