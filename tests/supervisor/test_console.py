from __future__ import annotations

import io
import os
import time

import pytest

from supervisor.console import Log, Step


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_step_on_a_terminal_is_one_line_that_moves(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    terminal = Terminal()
    step = Step("Packages", terminal)
    step.shown = time.monotonic() - 1
    step.update("Collecting a-package-with-a-long-name")
    step.update("too soon")
    step.done("12 of them")
    shown = terminal.getvalue().split("\r\x1b[2K")[1:]
    assert len(shown) == 3
    assert shown[1].startswith("Packages … 0.0 s  Collecting")
    assert len(shown[1]) == 29
    assert terminal.getvalue().count("\n") == 1
    assert shown[2] == "Packages: 12 of them (0.0 s)\n"


def test_a_step_elsewhere_is_a_line_now_and_then():
    stream = io.StringIO()
    step = Step("Packages", stream)
    step.update("Collecting a")
    step.shown -= 20
    step.update("Collecting b")
    step.failed()
    assert stream.getvalue().splitlines() == [
        "Packages …", "Packages … 0.0 s  Collecting b", "Packages: failed (0.0 s)",
    ]  # fmt: skip


def test_the_log_is_coloured_on_terminals_alone():
    plain, coloured, wished_plain = io.StringIO(), Terminal(), Terminal()
    for stream, environ in ((plain, {}), (coloured, {}), (wished_plain, {"NO_COLOR": "1"})):
        Log(["web", "beat"], stream, environ).write("web", "up")
    assert plain.getvalue() == wished_plain.getvalue() == "web  | up\n"
    assert coloured.getvalue() == "\x1b[36mweb  | \x1b[0mup\n"


@pytest.mark.parametrize("line", ["\x1b]0;title\x07", "a\rb", "\x9b31m", "\u202eabc"])
def test_what_a_line_holds_does_nothing_to_the_terminal(line):
    stream = io.StringIO()
    Log(["web"], stream).write("web", line)
    assert not any(character in stream.getvalue() for character in "\x1b\x07\r\x9b\u202e")


def test_a_reader_who_went_away_ends_nothing():
    reading, writing = os.pipe()
    os.close(reading)
    stream = open(writing, "w")  # noqa: PTH123, SIM115
    Log(["web"], stream).write("web", "up")
    with pytest.raises(BrokenPipeError):
        stream.close()
