"""`./studio` as people run it, with everything real, in the environment that these tests run in."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from supervisor.environment import Environment
from supervisor.valkey import free_port
from tests.studios import ENVIRON, ROOT, Studio, processes_on

REDIS = "-server 127.0.0.1:"  # how a valkey-server or redis-server calls itself


@pytest.fixture(scope="module", autouse=True)
def _environment():
    if not Environment(Path(sys.prefix), environ=ENVIRON).is_ready(pages=True):
        pytest.skip("this environment was not set up by ./studio; run ./studio test")


def studio(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([ROOT / "studio", *arguments], capture_output=True, text=True, env=ENVIRON, timeout=60)


def gone(data: Path, seconds: float = 15) -> bool:
    until = time.monotonic() + seconds
    while processes_on(data):
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def test_up_and_down_and_up_again(tmp_path):
    data, port = tmp_path / "data", free_port()
    with Studio(data, port) as first:
        printed = first.wait_until_ready()
        assert any("Database" in line for line in printed)
        assert f"http://127.0.0.1:{port}\n" in printed[-1]
        assert {"database": "ok", "redis": "ok"}.items() <= first.healthz().items()
        roles = " ".join(first.processes().values())
        assert all(sign in roles for sign in ("uvicorn", "training@", "ingest@", "inference@", "beat", REDIS))

        again = studio("up", "--data", data, "--port", str(free_port()))
        assert again.returncode == 1
        assert re.fullmatch(rf"studio: Unroll runs on {data} already, at http://127.0.0.1:{port} .*\n", again.stderr)

        first.process.send_signal(signal.SIGINT)
        first.process.wait(15)
        assert first.process.returncode == 0
        assert processes_on(data) == {}
    with Studio(data, port) as second:
        assert len(second.wait_until_ready()) == 1  # nothing was done twice
    assert second.process.returncode == 0


def test_a_killed_studio_leaves_nothing_and_starts_again(tmp_path):
    data = tmp_path / "data"
    with Studio(data, free_port()) as first:
        first.wait_until_ready()
        first.process.kill()
        first.process.wait()
        with Studio(data, free_port()) as second:
            second.wait_until_ready()
            ours = second.processes()
        assert len([line for line in ours.values() if REDIS in line]) == 1
    assert gone(data)


def test_what_dies_is_started_again(tmp_path):
    with Studio(tmp_path / "data", free_port()) as running:
        running.wait_until_ready()
        web = next(pid for pid, line in running.processes().items() if "uvicorn" in line)
        os.kill(web, signal.SIGKILL)
        until = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                assert running.healthz()["database"] == "ok"
                break
            assert time.monotonic() < until
            time.sleep(0.1)
    assert any("ended by SIGKILL; it starts again in 0.5 s" in line for line in running.lines)
    assert running.process.returncode == 0


def test_people_are_made_without_a_running_studio_and_with_one(tmp_path):
    """`manage` sets up the data folder by itself."""
    data = tmp_path / "data"
    made = studio("manage", "--data", data, "create_user", "ann@example.org", "--password", "a good long password")
    assert made.returncode == 0, made.stderr
    assert len(made.stdout.split()) == 1
    with Studio(data, free_port()) as running:
        running.wait_until_ready()
        twice = studio("manage", "--data", data, "create_user", "ann@example.org", "--password", "a good long password")
        assert twice.returncode == 1
        token = studio("manage", "--data", data, "create_token", "ann@example.org").stdout.strip()
        me = urllib.request.Request(
            f"http://127.0.0.1:{running.port}/api/v1/me", headers={"Authorization": f"Bearer {token}"}
        )
        assert json.load(urllib.request.urlopen(me))["email"] == "ann@example.org"  # noqa: S310


def test_the_engine_works_from_any_folder(tmp_path):
    answer = subprocess.run(
        [ROOT / "studio", "rnncore", "synthetic", "grammar", "--out", "text.txt", "--count", "1000"],
        capture_output=True, text=True, env=ENVIRON, cwd=tmp_path, timeout=60,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert len((tmp_path / "text.txt").read_text()) == 1000
