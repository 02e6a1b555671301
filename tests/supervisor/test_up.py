from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys

import pytest

from supervisor import up
from supervisor.console import Problem


def test_a_free_port_is_fine():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    up.check_port("127.0.0.1", port)


def test_a_taken_port_is_told():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(Problem, match=r"cannot be had \(Address already in use\); name another with --port"):
            up.check_port("127.0.0.1", other.getsockname()[1])


def test_an_unknown_host_is_told(monkeypatch):
    def unknown(*arguments, **options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Problem, match="name another host with --host"):
        up.check_port("no-such-host", 8000)


def test_two_studios_do_not_share_a_data_folder(tmp_path):
    lock = up.occupy(tmp_path / "data", "http://127.0.0.1:8000")
    with pytest.raises(Problem, match=rf"already, at http://127.0.0.1:8000 \(process {os.getpid()}\)") as problem:
        up.occupy(tmp_path / "data", "http://127.0.0.1:8001")
    assert "\n" not in str(problem.value)
    os.close(lock)
    os.close(up.occupy(tmp_path / "data", "http://127.0.0.1:8001"))


def test_waits_for_the_processes_of_a_killed_studio(tmp_path):
    """The lock outlives its holder: the lifeline has it too."""
    hold = (
        "import sys, time; from pathlib import Path; from supervisor import locks; "
        "locks.take(Path(sys.argv[1])); print('held', flush=True); time.sleep(1)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", hold, tmp_path / "up.lock"], stdout=subprocess.PIPE, cwd=up.places.ROOT
    )
    other.stdout.readline()
    gone = subprocess.Popen(["true"])
    gone.wait()
    (tmp_path / "up.lock").write_text(json.dumps({"pid": gone.pid, "url": "http://127.0.0.1:8000"}))
    os.close(up.occupy(tmp_path, "http://127.0.0.1:8000"))
    other.communicate()


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Problem, match=r"cannot be written .*; name another folder with --data"):
        up.occupy(tmp_path / "file" / "data", "http://127.0.0.1:8000")


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**12, 0, 10**8))
    with pytest.raises(Problem, match="95 MiB free; free some"):
        up.occupy(tmp_path, "http://127.0.0.1:8000")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104
        ("::", "http://[::1]:8000"),
        ("studio.example", "http://studio.example:8000"),
    ],
)
def test_the_address_to_open(host, expected):
    assert up.address(host, 8000) == expected


def test_only_an_opened_studio_answers_to_the_machines_names():
    assert up.own_names("127.0.0.1") == ["127.0.0.1", "[::1]"]
    assert {"127.0.0.1", socket.gethostname()} < set(up.own_names("0.0.0.0"))  # noqa: S104


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_ask_for_the_end(number):
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        ending = up.Ending()
        assert not ending
        os.kill(os.getpid(), number)
        assert ending
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
