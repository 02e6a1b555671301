"""A real Postgres for tests, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

PROGRAMS = "/usr/lib/postgresql/*/bin"  # Debian's place; elsewhere they are on PATH


def programs() -> Path | None:
    """The folder with `initdb` and `pg_ctl` of the newest Postgres; None where there is none."""
    found = sorted(Path("/").glob(PROGRAMS.lstrip("/")), key=lambda path: int(path.parent.name))
    on_path = shutil.which("pg_ctl")
    return found[-1] if found else Path(on_path).parent if on_path else None


class Postgres:
    """A server on a free port of the loopback; `url` names its one empty database, `unroll`."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="unroll-postgres-"))
        # Postgres refuses to be root.
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(self.folder, self._user)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"postgres://unroll:test@127.0.0.1:{self.port}/unroll"

    def start(self) -> None:
        password = self.folder / "password"
        password.write_text("test")
        if self._user:
            shutil.chown(password, self._user)
        data = str(self.folder / "data")
        self._run("initdb", "--pgdata", data, "--username", "unroll", "--auth", "scram-sha-256", "--no-sync",
                  "--encoding", "UTF8", "--locale", "C", "--pwfile", str(password))  # fmt: skip
        self.go_on()
        self._run("createdb", "--host", "127.0.0.1", "--port", str(self.port), "--username", "unroll", "unroll")

    def stop(self) -> None:
        self.pause()
        shutil.rmtree(self.folder)

    def pause(self) -> None:
        """An outage: every connection is cut, and no new one is taken until :meth:`go_on`."""
        self._run("pg_ctl", "stop", "--mode", "immediate", "--pgdata", str(self.folder / "data"))

    def go_on(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        self._run("pg_ctl", "start", "--wait", "--pgdata", str(self.folder / "data"), "--options", options,
                  "--log", f"{self.folder}/log")  # fmt: skip

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [programs() / program, *arguments], user=self._user, cwd=self.folder, check=True,
            env=os.environ | {"PGPASSWORD": "test"}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip
