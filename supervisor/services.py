"""What runs when the studio runs: the roles of `jobs.roles` (docker-compose.yml starts the same), and their order."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from dataclasses import dataclass

# In the order in which they are told to end: trainings have a checkpoint to write.
WORKERS = ("training", "ingest", "inference", "beat")


@dataclass(frozen=True)
class Service:
    """A process to keep running.

    `check` returns "" or what the service complains about, and raises OSError while it does not answer at all. A
    service starts when those in `after` are healthy for the first time, and ends when all of lower stages have ended.
    """

    name: str
    command: tuple[str, ...]
    check: Callable[[], str] | None = None
    after: tuple[str, ...] = ()
    stage: int = 0
    noise: str = ""  # a line with this in it is not forwarded


def roles(host: str, port: int, after: tuple[str, ...]) -> list[Service]:
    """The processes of the studio, all but Redis."""
    command = ("python", "-m", "jobs.roles")
    address = ("--host", host, "--port", str(port))
    return [
        *(Service(role, (*command, role), after=after) for role in WORKERS),
        Service("web", (*command, "web", *address), check=lambda: healthz(near(host), port), after=after),
    ]


def healthz(host: str, port: int, timeout: float = 5.0) -> str:
    """What the web server says of itself: "" when all is well. Raises OSError when it does not answer."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost", "Connection": "close"})
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace").strip()
    except http.client.HTTPException as error:
        raise OSError(f"no HTTP answer: {error!r}") from error
    finally:
        connection.close()
    return "" if answer.status == http.client.OK else f"/healthz answers {answer.status}: {body[:300]}"


def near(host: str) -> str:
    """The address at which this machine reaches a server that listens at `host`."""
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (nothing is bound here)
