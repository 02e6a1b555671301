"""Keeps processes running: start order, health, restarts after a growing pause, one log, and a clean end.

One thread turns :meth:`Supervisor.turn` over and over; the only others ask services how they are. It knows nothing of
the studio, only :class:`~supervisor.services.Service`.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from supervisor import kernel
from supervisor.console import Log
from supervisor.health import Health
from supervisor.lifeline import GRACE, Lifeline, group_lives, send
from supervisor.services import Service

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds between an end and the next start
STEADY = 60.0  # seconds of running after which the next pause is a short one again
SILENCE = 30.0  # seconds without any answer after which a service that once answered is replaced
SWEEP = 1.5  # seconds that adopted processes get at the end


class Keeper:
    """Keeps one service running. Its output goes to one pipe, also that of its successors and of what it started."""

    def __init__(self, service: Service, environ: Mapping[str, str], folder: Path) -> None:
        self.service, self.environ, self.folder = service, environ, folder
        self.output, self._input = os.pipe()
        os.set_blocking(self.output, False)
        self.process: subprocess.Popen[bytes] | None = None
        self.ends = 0  # how often it ended by itself
        self.started = self.due = 0.0  # when it started last; when it may start again
        self.kill_at: float | None = None  # when a replacement loses patience
        self._pause = FIRST_PAUSE
        self._line = b""  # what was read of a line that is not whole yet

    def start(self) -> None:
        """Raises OSError when there is no such command."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.service.command,
            stdin=subprocess.DEVNULL,
            stdout=self._input,
            stderr=self._input,
            env=self.environ,
            cwd=self.folder,
            start_new_session=True,  # Ctrl-C is for the supervisor, which then ends all in order
        )

    def signal(self, number: int) -> None:
        """To the process itself: what it started is its own business until the very end."""
        if self.process is not None:
            send(os.kill, self.process.pid, number)

    def kill_group(self) -> None:
        if self.process is not None:
            send(os.killpg, self.process.pid, signal.SIGKILL)

    def group_lives(self) -> bool:
        """Whether it, or anything it left in its group, still runs."""
        return self.process is not None and (self.process.poll() is None or group_lives(self.process.pid))

    def note_end(self) -> float:
        """Counts an end and says after how many seconds it starts again."""
        now = time.monotonic()
        if now - self.started > STEADY:
            self._pause = FIRST_PAUSE
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)
        self.process, self.kill_at, self.ends, self.due = None, None, self.ends + 1, now + pause
        return pause

    def lines(self, *, last: bool = False) -> Iterable[str]:
        """The whole lines that were printed since; with `last` also one that was never ended."""
        while True:
            try:
                block = os.read(self.output, 65536)
            except BlockingIOError:
                break
            *whole, self._line = (self._line + block).split(b"\n")
            yield from (line.decode(errors="replace") for line in whole)
        if last and self._line:
            yield self._line.decode(errors="replace")

    def close(self) -> None:
        os.close(self._input)
        os.close(self.output)


class Supervisor:
    """Keeps `services` running in `folder` until :meth:`end`. `holding`: descriptors to hold until all has ended."""

    def __init__(
        self,
        services: Sequence[Service],
        environ: Mapping[str, str],
        folder: Path,
        log: Log,
        holding: Sequence[int] = (),
    ) -> None:
        self._foreign = set(kernel.children())  # whoever uses us may have children of its own
        kernel.adopt_orphans()
        self.keepers = {service.name: Keeper(service, environ, folder) for service in services}
        self.health = {service.name: Health(service.check) for service in services if service.check}
        self.lifeline = Lifeline([keeper.output for keeper in self.keepers.values()], holding)
        self.log = log
        self._complaints = dict.fromkeys(self.health, "")

    def turn(self, pause: float = 0.2) -> None:
        """Starts what is due, notices ends and silences, forwards output. Waits at most `pause` seconds for output."""
        for keeper in self.keepers.values():
            if keeper.process is None:
                self._start(keeper)
            else:
                self._look_at(keeper)
        for name, health in self.health.items():
            if health.well.is_set():
                self._listen_to(self.keepers[name], health)
        for pid in self._adopted():
            kernel.reap(pid)
        self._read(pause)

    def well(self, names: Iterable[str]) -> bool:
        """Whether these services have all answered well at least once."""
        return all(self.health[name].well.is_set() for name in names)

    def end(self) -> None:
        """Ends everything, stage by stage; no process is left behind."""
        for health in self.health.values():
            health.close()
        for stage, grace in enumerate(GRACE):
            self._end([keeper for keeper in self.keepers.values() if keeper.service.stage == stage], grace)
        self._sweep()
        kernel.adopt_orphans(False)
        self._read(0, last=True)
        self.lifeline.close()
        for keeper in self.keepers.values():
            keeper.close()

    def _start(self, keeper: Keeper) -> None:
        if time.monotonic() < keeper.due or not self.well(keeper.service.after):
            return
        try:
            keeper.start()
        except OSError as error:
            self._ended(keeper, f"could not be started ({error})")
        else:
            self.lifeline.add(keeper.process.pid, keeper.service.stage)

    def _look_at(self, keeper: Keeper) -> None:
        code = keeper.process.poll()
        if code is not None:
            self._read(0)
            self.lifeline.remove(keeper.process.pid)
            self._ended(keeper, f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}")
        elif keeper.kill_at is not None and time.monotonic() > keeper.kill_at:
            keeper.kill_group()

    def _ended(self, keeper: Keeper, how: str) -> None:
        pause = keeper.note_end()
        self.log.write(keeper.service.name, f"{how}; it starts again in {pause:g} s", alarm=True)

    def _listen_to(self, keeper: Keeper, health: Health) -> None:
        """Says when a service begins or ceases to complain; replaces one that has fallen silent."""
        name, complaint = keeper.service.name, health.complaint
        if complaint != self._complaints[name]:
            self._complaints[name] = complaint
            self.log.write(name, complaint or "is well again", alarm=bool(complaint))
        silence = time.monotonic() - max(health.answered, keeper.started)
        if keeper.process is not None and keeper.kill_at is None and silence > SILENCE:
            self.log.write(name, f"has not answered for {silence:.0f} s; it is replaced", alarm=True)
            keeper.kill_at = time.monotonic() + GRACE[0]
            keeper.signal(signal.SIGTERM)

    def _end(self, members: Sequence[Keeper], grace: float) -> None:
        for keeper in members:
            keeper.signal(signal.SIGTERM)
        until = time.monotonic() + grace
        while (living := [keeper for keeper in members if keeper.group_lives()]) and time.monotonic() < until:
            for pid in self._adopted():
                kernel.reap(pid)
            self._read(0.05)
        for keeper in living:
            self.log.write(keeper.service.name, f"did not end within {grace:g} s and is killed", alarm=True)
            keeper.kill_group()
            keeper.process.wait()

    def _sweep(self) -> None:
        """What left its group and lost its parent gets a moment to end by itself, then it is killed."""
        until = time.monotonic() + SWEEP
        while orphans := [pid for pid in self._adopted() if not kernel.reap(pid)]:
            if time.monotonic() > until:
                for pid in orphans:
                    send(os.kill, pid, signal.SIGKILL)
            self._read(0.05)

    def _adopted(self) -> list[int]:
        """Children that nobody here started: they lost their parent."""
        started = {keeper.process.pid for keeper in self.keepers.values() if keeper.process is not None}
        known = started | {self.lifeline.pid} | self._foreign
        return [pid for pid in kernel.children() if pid not in known]

    def _read(self, pause: float, *, last: bool = False) -> None:
        """Forwards what was printed; waits at most `pause` seconds for something."""
        with selectors.DefaultSelector() as selector:
            for keeper in self.keepers.values():
                selector.register(keeper.output, selectors.EVENT_READ)
            selector.select(pause)
        for name, keeper in self.keepers.items():
            noise = keeper.service.noise
            for line in keeper.lines(last=last):
                if line.strip() and not (noise and noise in line):
                    self.log.write(name, line)
