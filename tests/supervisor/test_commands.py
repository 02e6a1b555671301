from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from supervisor import commands
from supervisor.console import Problem, Step


def run(code: str, tmp_path: Path) -> str:
    step = Step("Packages", io.StringIO())
    return commands.run(step, [sys.executable, "-c", code], tmp_path / "log", cwd=tmp_path)


def test_returns_what_was_printed_and_keeps_it(tmp_path):
    assert run("print('hello')", tmp_path) == "hello\n"
    assert "hello" in (tmp_path / "log").read_text()


def test_a_failure_is_one_line_with_the_log(tmp_path):
    with pytest.raises(Problem, match=r"^Packages failed: ERROR: it broke; .*\(log: .*log\)$"):
        run("print('ERROR: it broke'); print('more'); raise SystemExit(3)", tmp_path)
    assert "more" in (tmp_path / "log").read_text()


def test_a_missing_program_is_told(tmp_path):
    with pytest.raises(Problem, match="could not be started: No such file"):
        commands.run(Step("Packages", io.StringIO()), ["/no/such"], tmp_path / "log", cwd=tmp_path)


@pytest.mark.parametrize(
    ("printed", "mend"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "free some disk"),
        (
            "ERROR: Could not find a version that satisfies\nERROR: No matching distribution found for x",
            "check the net",
        ),
        ("npm error code ENOTFOUND\nnpm error network request failed", "check the network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "another network"),
        ("ModuleNotFoundError: No module named 'x'", "the log says more"),
    ],
)
def test_the_mend_fits_the_failure(printed, mend):
    assert mend in commands.explain("Packages", printed, Path("log"))
