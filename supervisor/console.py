"""What people see in the terminal: one-line problems, and steps that show that they move."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Mapping
from typing import TextIO


class Problem(Exception):
    """Something is missing or in the way: one line that says what, and how to mend it. `studio` exits with 1."""


class Step:
    """One step of the setting up, shown on standard error (standard output belongs to the command).

    On a terminal it is one line that is rewritten as the work goes on; elsewhere a line at the start, one every
    15 seconds, and one at the end.
    """

    def __init__(self, title: str, stream: TextIO | None = None, pause: float = 15.0) -> None:
        self.title, self.stream, self.pause = title, stream or sys.stderr, pause
        self.live = self.stream.isatty()
        self.started = self.shown = time.monotonic()
        self._write(f"{title} …")

    def update(self, detail: str) -> None:
        """Shows what it is doing just now; may be called as often as one likes."""
        now = time.monotonic()
        if now - self.shown < (0.2 if self.live else self.pause):
            return
        self.shown = now
        self._write(f"{self.title} … {self._elapsed()}  {detail}")

    def done(self, detail: str = "") -> None:
        self._write(f"{self.title}: {detail or 'done'} ({self._elapsed()})", last=True)

    def failed(self) -> None:
        self._write(f"{self.title}: failed ({self._elapsed()})", last=True)

    def _elapsed(self) -> str:
        seconds = time.monotonic() - self.started
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"

    def _write(self, line: str, last: bool = False) -> None:
        if self.live:
            # Cut to the width: a line that wraps could not be rewritten.
            width = shutil.get_terminal_size().columns - 1
            self.stream.write(f"\r\x1b[2K{line[:width]}" + ("\n" if last else ""))
        else:
            self.stream.write(line + "\n")
        self.stream.flush()


class Log:
    """The one log of many processes: a line each, with the name of who said it in front, in colour on a terminal."""

    COLOURS = (36, 33, 35, 32, 34, 96)

    def __init__(self, names: list[str], stream: TextIO | None = None, environ: Mapping[str, str] = os.environ) -> None:
        self.stream = stream or sys.stdout
        self.width = max(map(len, names))
        self.coloured = self.stream.isatty() and not environ.get("NO_COLOR")
        self.colours = {name: self.COLOURS[at % len(self.COLOURS)] for at, name in enumerate(names)}

    def write(self, name: str, line: str, alarm: bool = False) -> None:
        """Writes a line of a process; with `alarm` one about it. Control characters are shown, not sent."""
        prefix, text = f"{name:{self.width}} | ", "".join(c if c.isprintable() or c == "\t" else "·" for c in line)
        if self.coloured:
            prefix = f"\x1b[{self.colours.get(name, 37)}m{prefix}\x1b[0m"
            text = f"\x1b[31m{text}\x1b[0m" if alarm else text
        self.say(prefix + text)

    def say(self, line: str) -> None:
        """Writes a line as it is. A reader who went away (`studio up | head`) ends nothing."""
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(line + "\n")
            self.stream.flush()
