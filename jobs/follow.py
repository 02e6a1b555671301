"""Reading ``events.jsonl`` while the trainer writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rnncore.events import decode

EVENTS = Path("out", "events.jsonl")  # in a run's folder

Event = dict[str, Any]


class Follower:
    """The events of a file past seq ``after``, whole lines only, also those that are not written yet."""

    def __init__(self, path: Path, after: int) -> None:
        self.path = path
        self.seq = after
        self._offset = 0

    def read(self, limit: int = 500) -> list[Event]:
        """The next events, at most ``limit``; none when there is nothing new. Raises ValueError at a damaged line."""
        found: list[Event] = []
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return found
        with file:
            file.seek(self._offset)
            while len(found) < limit and (line := file.readline()).endswith(b"\n"):
                self._offset += len(line)
                event = decode(line)
                if event["seq"] > self.seq:
                    found.append(event)
                    self.seq = event["seq"]
        return found


def events(path: Path) -> Iterator[Event]:
    """Every whole event of the file."""
    follower = Follower(path, 0)
    while batch := follower.read():
        yield from batch


def last_seq(path: Path) -> int:
    """The last whole event's seq; 0 when there is none."""
    follower = Follower(path, 0)
    while follower.read():
        pass
    return follower.seq
