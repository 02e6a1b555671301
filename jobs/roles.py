"""The processes of a studio: one command a role, the only place where they are written down.

``studio up``, docker-compose and the tests all start ``python -m jobs.roles ROLE``, which becomes the command below.
Every role takes SIGTERM as "end now": a training writes a checkpoint and goes back to the queue.
"""

from __future__ import annotations

import argparse
import os
import sys

ROLES = ("web", "beat", "ingest", "inference", "training")


def command(role: str, *, host: str = "127.0.0.1", port: int = 8000, slots: int = 1) -> list[str]:
    """The argument list of a role. ``slots`` is how many runs the training worker trains side by side."""
    # The warning is for root, told once a worker over seven lines; in a container or on a lent GPU one often is root.
    celery = [sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "--quiet", "--skip-checks",
              "-A", "jobs.app"]  # fmt: skip
    if role == "web":
        # Events are small and go to many: squeezing each for each viewer would cost more than all else together.
        return [sys.executable, "-m", "uvicorn", "webapp.asgi:application", "--host", host, "--port", str(port),
                "--ws-per-message-deflate", "false", "--no-access-log", "--log-level", "warning",
                "--timeout-graceful-shutdown", "5"]  # fmt: skip
    if role == "beat":
        # Intervals alone need no memory of when they last rang, hence no schedule file.
        return [*celery, "beat", "--scheduler", "celery.beat:Scheduler", "--loglevel", "WARNING"]
    threads = {"ingest": 4, "inference": 16, "training": slots}[role]
    # Threads, not forks: the flags and signals of a worker are then those of its jobs, and what is heavy runs in a
    # subprocess anyway. No prefetch: a message that waits behind an hour of training would be lost to idle workers.
    return [*celery, "worker", "--queues", role, "--hostname", f"{role}@%h", "--pool", "threads",
            "--concurrency", str(threads), "--disable-prefetch", "--without-gossip", "--without-mingle",
            "--without-heartbeat", "--loglevel", "WARNING"]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m jobs.roles", description=__doc__)
    parser.add_argument("role", choices=ROLES)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args()
    slots = 1
    if given.role == "training":
        from jobs.slots import slots as visible

        slots = len(visible())
    argv = command(given.role, host=given.host, port=given.port, slots=slots)
    os.execv(argv[0], argv)  # noqa: S606 - an argument list of our own


if __name__ == "__main__":
    main()
