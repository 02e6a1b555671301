"""The command line as people type it; nothing here gets as far as installing something."""

from __future__ import annotations

import ast
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from supervisor import places

ROOT = Path(__file__).parent.parent.parent


def studio(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "studio", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | environ,
        timeout=60,
    )


def test_help_goes_to_standard_output():
    answer = studio("--help")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert all(command in answer.stdout for command in ("up ", "test ", "manage ", "rnncore "))


@pytest.mark.parametrize("arguments", [(), ("start",)])
def test_an_unknown_command_is_wrong(arguments):
    answer = studio(*arguments)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("usage: ./studio COMMAND")


@pytest.mark.parametrize(
    ("option", "value"),
    [("--port", "0"), ("--port", "eighty"), ("--port", "65536"), ("--workers", "0"), ("--colour", "x")],
)
def test_wrong_options_of_up_are_named(option, value):
    answer = studio("up", option, value)
    assert answer.returncode == 2
    assert option in answer.stderr


def test_a_taken_port_is_one_line_and_exit_1(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        answer = studio("up", "--port", str(other.getsockname()[1]), "--data", str(tmp_path))
    assert answer.returncode == 1
    assert re.fullmatch(
        r"studio: Port \d+ of 127\.0\.0\.1 cannot be had \(.*\); name another with --port\n", answer.stderr
    )


def test_a_place_that_is_no_environment_is_one_line_and_exit_1(tmp_path):
    (tmp_path / "letter.txt").touch()
    answer = studio("rnncore", "--help", UNROLL_VENV=str(tmp_path))
    assert answer.returncode == 1
    assert re.fullmatch(r"studio: .* holds something else than an environment; .*\n", answer.stderr)


def test_the_settings_file_stands_below_the_environment(tmp_path):
    file = tmp_path / ".env"
    file.write_text("# a comment\n\nUNROLL_SIGNUP=closed\nUNROLL_WORKERS=\nREDIS_URL = 'redis://x:1/0'\nCHROMIUM=/a\n")
    found = places.settings({"CHROMIUM": "/b", "NO_COLOR": ""}, file)
    assert found == {"UNROLL_SIGNUP": "closed", "REDIS_URL": "redis://x:1/0", "CHROMIUM": "/b", "NO_COLOR": ""}
    assert places.settings({"A": "b"}, tmp_path / "none") == {"A": "b"}


def test_the_data_folder():
    assert places.data_folder(None, {}) == ROOT / "var"
    assert places.data_folder(None, {"UNROLL_DATA": "/a"}) == Path("/a")
    assert places.data_folder("/b/../c", {"UNROLL_DATA": "/a"}) == Path("/c")


def test_needs_only_the_standard_library():
    """Also with -I and -S: without site-packages, as on a new machine."""
    look = (
        "import sys; sys.path.insert(0, sys.argv[1]); import supervisor.main; "
        "known = sys.stdlib_module_names | {'supervisor', '__main__'}; "
        "sys.exit(', '.join({name.partition('.')[0] for name in sys.modules} - known) or 0)"
    )
    answer = subprocess.run([sys.executable, "-I", "-S", "-c", look, ROOT], capture_output=True, text=True)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_older_pythons_can_read_what_refuses_them():
    ast.parse((ROOT / "studio").read_text(), feature_version=(3, 4))


def test_the_floors_do_not_know_the_supervisor():
    floors = [path for floor in ("rnncore", "jobs", "webapp") for path in (ROOT / floor).rglob("*.py")]
    assert floors
    assert [
        path for path in floors if re.search(r"^\s*(from|import) supervisor\b", path.read_text(), re.MULTILINE)
    ] == []
