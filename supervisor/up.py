"""`studio up`: sets up, starts everything, says when it is ready, and ends it again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
import time
import webbrowser
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from supervisor import database, locks, places, services, valkey
from supervisor.console import Log, Problem, Step
from supervisor.environment import Environment
from supervisor.processes import Supervisor

PATIENCE = 120.0  # seconds until everything has to be ready
TRIES = 3  # a service that ends so often before it was ever ready will not be
LEFT_FREE = 500 * 1024**2  # bytes on the disk of the data folder


def up(given: Namespace, environ: Mapping[str, str]) -> int:
    """Runs the studio until it is told to end. Raises :class:`~supervisor.console.Problem`."""
    data = places.data_folder(given.data, environ)
    url = address(given.host, given.port)
    lock = occupy(data, url)
    check_port(given.host, given.port)
    environment = Environment(environ=environ)
    environment.prepare(pages=True)

    environ = places.inside(environment.folder, data, environ)
    parts, environ = _parts(given, data, environment, environ)
    database.prepare(environment, data, environ)
    ending = Ending()
    log = Log([service.name for service in parts])
    supervisor = Supervisor(parts, environ, places.ROOT, log, holding=[lock])
    try:
        _start(supervisor, ending)
        if not ending:
            log.say(f"Unroll is ready at {url}")
            log.say(f"Its data lies in {data}. Ctrl-C ends it.")
            _show(given, url, environ)
        while not ending:
            supervisor.turn()
        log.say("Unroll is ending; trainings write a checkpoint and go on at the next start.")
    finally:
        supervisor.end()
        valkey.address_file(data).unlink(missing_ok=True)
    log.say("Unroll has ended.")
    return 0


class Ending:
    """True from the first SIGINT, SIGTERM or SIGHUP on (`nohup` keeps the last away)."""

    def __init__(self) -> None:
        self._asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._ask)

    def __bool__(self) -> bool:
        return self._asked

    def _ask(self, number: int, frame: object) -> None:
        self._asked = True


def _parts(
    given: Namespace, data: Path, environment: Environment, environ: dict[str, str]
) -> tuple[list[services.Service], dict[str, str]]:
    """The services, and the environment variables that they get."""
    own, redis = [], environ.get("REDIS_URL")
    if not redis:
        server, redis = valkey.configure(data, valkey.find(environ, environment.folder))
        own.append(server)
    environ = environ | {"REDIS_URL": redis, "PYTHONUNBUFFERED": "1"}
    if given.workers:
        environ["UNROLL_WORKERS"] = str(given.workers)
    named = environ.get("UNROLL_ALLOWED_HOSTS", "").split(",")
    environ["UNROLL_ALLOWED_HOSTS"] = ",".join(["localhost", *(named if any(named) else own_names(given.host))])
    return own + services.roles(given.host, given.port, after=tuple(service.name for service in own)), environ


def _start(supervisor: Supervisor, ending: Ending) -> None:
    """Turns until every service that can be asked is well."""
    until = time.monotonic() + PATIENCE
    while not supervisor.well(supervisor.health) and not ending:
        supervisor.turn(pause=0.05)
        for name, keeper in supervisor.keepers.items():
            if keeper.ends >= TRIES:
                raise Problem(f"{name} ended {TRIES} times before it was ready; what it said stands above")
        if time.monotonic() > until:
            name, health = next((name, one) for name, one in supervisor.health.items() if not one.well.is_set())
            raise Problem(f"{name} was not ready within {PATIENCE:.0f} s: {health.complaint}")


def occupy(data: Path, url: str, patience: float = 20.0) -> int:
    """Takes the data folder for this process; the lock's descriptor. One studio at a time works in a folder.

    When another one was killed, the end of its processes is waited for.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = locks.take(data / "up.lock")
    except OSError as error:
        raise Problem(f"{data} cannot be written ({error.strerror}); name another folder with --data") from error
    if lock is None and not _lives(_holder(data).get("pid")):
        step, until = Step("Waiting for the processes of a studio that was killed"), time.monotonic() + patience
        while lock is None and time.monotonic() < until:
            time.sleep(0.2)
            lock = locks.take(data / "up.lock")
        step.done()
    if lock is None:
        holder = _holder(data)
        raise Problem(
            f"Unroll runs on {data} already, at {holder.get('url')} (process {holder.get('pid')}); end that one first, "
            "or name another folder with --data"
        )
    os.ftruncate(lock, 0)
    os.pwrite(lock, json.dumps({"pid": os.getpid(), "url": url}).encode(), 0)
    free = shutil.disk_usage(data).free
    if free < LEFT_FREE:
        raise Problem(f"The disk of {data} has {free >> 20} MiB free; free some, or name another folder with --data")
    return lock


def _holder(data: Path) -> dict[str, object]:
    """Who says that it holds a data folder; empty when it is just being written."""
    try:
        return json.loads((data / "up.lock").read_text())
    except (OSError, ValueError):
        return {}


def _lives(pid: object) -> bool:
    try:
        os.kill(int(pid), 0)
    except (TypeError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def check_port(host: str, port: int) -> None:
    """Says in one line why a server could not listen there."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except OSError as error:
        mend = "name another host with --host" if isinstance(error, socket.gaierror) else "name another with --port"
        raise Problem(f"Port {port} of {host} cannot be had ({error.strerror}); {mend}") from error


def address(host: str, port: int) -> str:
    """What to open in a browser on this machine."""
    near = services.near(host)
    return f"http://[{near}]:{port}" if ":" in near else f"http://{near}:{port}"


def own_names(host: str) -> list[str]:
    """The names under which people may ask for the pages: those of the loopback, and of a host opened to others."""
    names = ["127.0.0.1", "::1"]
    if host not in (*names, "localhost"):
        names += [host, socket.gethostname(), socket.getfqdn(), _address_towards_others()]
    return list(dict.fromkeys(f"[{name}]" if ":" in name else name for name in names if name))


def _address_towards_others() -> str:
    """The address from which this machine would talk to another network; nothing is sent."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
    except OSError:
        return ""


def _show(given: Namespace, url: str, environ: Mapping[str, str]) -> None:
    """Opens a browser where there is a screen and somebody in front of it."""
    screen = sys.platform == "darwin" or environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    if not given.no_browser and screen and sys.stdout.isatty():
        webbrowser.open(url)
