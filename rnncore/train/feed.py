"""``events.jsonl``: the facts of a run, numbered, in order, append-only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rnncore import events
from rnncore.events import Event

BLOCK = 65_536
"""Bytes that are read at a time from the end of the file."""


class Feed:
    """Appends events to a file and numbers them on from what is already there.

    A line that a crash cut in half is taken away when the file is opened; nothing else is ever removed. A line is with
    the operating system when :meth:`append` returns, and on disk after :meth:`sync`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()
        _drop_half_line(path)
        line = _last_line(path)
        self.last: dict[str, Any] | None = events.decode(line) if line else None
        self.seq: int = self.last["seq"] if self.last else 0
        self._file = path.open("ab", buffering=0)

    def append(self, event: Event) -> dict[str, Any]:
        """Write the event; returns it as the JSON object that was written."""
        self.seq += 1
        body = events.as_dict(event, seq=self.seq, at=events.now_ms())
        self._file.write(events.dumps(body).encode("utf-8", "replace") + b"\n")
        self.last = body
        return body

    def after(self, seq: int) -> Iterator[dict[str, Any]]:
        """The events in the file whose number is larger."""
        with self.path.open("rb") as file:
            yield from (event for line in file if (event := events.decode(line))["seq"] > seq)

    def sync(self) -> None:
        """Wait until everything is on disk."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self.sync()
        self._file.close()


def _drop_half_line(path: Path) -> None:
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        keep = _after_last_newline(file, end)
        if keep < end:
            file.truncate(keep)


def _last_line(path: Path) -> bytes:
    """The last line of a file whose every line ends with a newline; empty where there is none."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        if end == 0:
            return b""
        start = _after_last_newline(file, end - 1)
        file.seek(start)
        return file.read(end - start)


def _after_last_newline(file: Any, end: int) -> int:
    """The offset just after the last newline before ``end``; 0 where there is none."""
    while end > 0:
        start = max(0, end - BLOCK)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
