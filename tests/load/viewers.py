"""Many viewers on one live run: what they cost the web server, how late they hear of an event, whether one is lost.

    .venv/bin/python -m tests.load.viewers [--viewers 300] [--seconds 30] [--rate 4]

Starts a studio of its own on a scratch folder; the viewers and the run are processes beside it, kept to the last core,
the web server to the first. Every viewer checks the number of every event. Prints a line of JSON and one of prose;
ends with 1 when an event was lost or doubled.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from websockets.asyncio.client import connect

from rnncore.events import ms_of, now_ms
from supervisor.valkey import free_port
from tests.load import scratch
from tests.studios import ROOT, Studio

JOINING = 20  # viewers that come at the same time
GRACE = 10.0  # seconds that a viewer may be behind at the end


@dataclass
class Viewer:
    """What one viewer has seen: ``seq`` of the newest event, and how late each came, in ms."""

    seq: int = 0
    lost: int = 0
    doubled: int = 0
    late: list[int] = field(default_factory=list)

    def take(self, frame: str) -> None:
        event = json.loads(frame)
        self.late.append(now_ms() - ms_of(event["at"]))
        if event["seq"] <= self.seq:
            self.doubled += 1
        else:
            self.lost += event["seq"] - self.seq - 1
            self.seq = event["seq"]


class Crowd:
    """Viewers of one run, all in this event loop."""

    def __init__(self, url: str, token: str, count: int) -> None:
        self.viewers = [Viewer() for _ in range(count)]
        self._url, self._headers = url, {"Authorization": f"Bearer {token}"}
        self._door = asyncio.Semaphore(JOINING)
        self._inside = 0
        self._watching: list[asyncio.Task[None]] = []

    async def join(self) -> None:
        """Comes back when all are connected."""
        self._watching = [asyncio.create_task(self._watch(viewer)) for viewer in self.viewers]
        while self._inside < len(self.viewers):
            for task in self._watching:
                if task.done():
                    task.result()
            await asyncio.sleep(0.05)

    async def _watch(self, viewer: Viewer) -> None:
        async with self._door:
            socket = await connect(self._url, additional_headers=self._headers, compression=None, open_timeout=60)
        async with socket:
            self._inside += 1
            async for frame in socket:
                viewer.take(frame)

    async def leave(self, last: int) -> None:
        """Waits until all have seen the event ``last``, or a while, and closes."""
        for _ in range(int(GRACE / 0.05)):
            if all(viewer.seq >= last for viewer in self.viewers):
                break
            await asyncio.sleep(0.05)
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)

    def figures(self, last: int) -> dict[str, Any]:
        late = sorted(ms for viewer in self.viewers for ms in viewer.late) or [0]
        return {
            "viewers": len(self.viewers), "events": last, "frames": len(late),
            "lost": sum(viewer.lost + last - viewer.seq for viewer in self.viewers),
            "doubled": sum(viewer.doubled for viewer in self.viewers),
            "p50_ms": statistics.median(late), "p95_ms": late[int(0.95 * (len(late) - 1))], "max_ms": late[-1],
        }  # fmt: skip


async def measure(studio: Studio, run: str, token: str, given: argparse.Namespace, core: int | None) -> dict[str, Any]:
    web = [psutil.Process(pid) for pid, command in studio.processes().items() if "webapp.asgi:application" in command]
    crowd = Crowd(f"ws://127.0.0.1:{studio.port}/ws/runs/{run}", token, given.viewers)
    await crowd.join()
    before, start = _seconds(web), asyncio.get_running_loop().time()
    producer = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.load.live", run, "--data", studio.data, "--seconds", str(given.seconds),
        "--rate", str(given.rate), cwd=ROOT, stdout=subprocess.PIPE,
    )  # fmt: skip
    said, _ = await producer.communicate()
    took = asyncio.get_running_loop().time() - start
    busy = _seconds(web) - before
    last = int(said)
    await crowd.leave(last)
    return crowd.figures(last) | {
        "seconds": round(took, 1), "web_cores": round(busy / took, 3), "web_mib": round(_memory(web) / 2**20),
        "pinned": core is not None,
    }  # fmt: skip


def _seconds(processes: list[psutil.Process]) -> float:
    return sum(times.user + times.system for times in (process.cpu_times() for process in processes))


def _memory(processes: list[psutil.Process]) -> int:
    return sum(process.memory_info().rss for process in processes)


def pin(studio: Studio) -> int | None:
    """Keeps the web server to the first core and this process to the last; None where there is only one."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return None
    for pid, command in studio.processes().items():
        if "webapp.asgi:application" in command:
            for thread in psutil.Process(pid).threads():
                os.sched_setaffinity(thread.id, {cores[0]})
    os.sched_setaffinity(0, {cores[-1]})
    return cores[-1]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load.viewers", description=__doc__.partition("\n")[0])
    parser.add_argument("--viewers", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=4.0, help="points a second; a trainer states 4 at most")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Studio(Path(folder) / "data", free_port()) as studio:
        studio.wait_until_ready()
        scratch.connect(studio.data)
        from webapp.accounts.services import create_token

        user = scratch.person()
        run = scratch.run_of(user, "Live", status="running", fence=1)
        run.save()
        token = create_token(user=user, name="load")[1]
        found = asyncio.run(measure(studio, run.id, token, given, pin(studio)))
    print(json.dumps(found))
    print(
        f"{found['viewers']} viewers, {found['events']} events each in {found['seconds']} s: {found['lost']} lost, "
        f"{found['doubled']} doubled; event to viewer p50 {found['p50_ms']:.0f} ms, p95 {found['p95_ms']} ms, "
        f"most {found['max_ms']} ms; the web server took {found['web_cores']} of a core and {found['web_mib']} MiB."
    )
    sys.exit(1 if found["lost"] or found["doubled"] else 0)


if __name__ == "__main__":
    main()
