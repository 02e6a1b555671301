"""The folder of a run: who may write to it, and what lies where.

::

    recipe.json      the recipe, filled in
    resolved.json    what every ``auto`` became, and what the run was started from
    events.jsonl     the feed
    checkpoints/     step-00000000 …; best, last: links to two of them
    data/            the encoded text
    lock             held by the process that trains
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from rnncore.errors import Busy, CheckpointError
from rnncore.recipe import Recipe
from rnncore.train import durable
from rnncore.train.feed import Feed


class Folder:
    """A run's folder, locked while the context is open. Raises Busy where another process holds the lock."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.checkpoints = self.path / "checkpoints"
        self.data = self.path / "data"

    def __enter__(self) -> Folder:
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(self.path / "lock")
        self.feed = Feed(self.path / "events.jsonl")
        self.checkpoints.mkdir(exist_ok=True)
        return self

    def __exit__(self, *exc: object) -> None:
        self.feed.close()
        os.close(self._lock)

    @property
    def holds_a_run(self) -> bool:
        """Whether a run was ever started here."""
        return (self.path / "resolved.json").exists()

    def start(self, recipe: Recipe, resolved: dict[str, Any]) -> None:
        """Note down what is about to be trained. ``resolved.json`` comes last: with it, the folder holds a run."""
        durable.replace_json(self.path / "recipe.json", recipe.to_dict())
        durable.replace_json(self.path / "resolved.json", resolved)

    def point(self, name: str, checkpoint: Path) -> None:
        """Let ``best`` or ``last`` mean this checkpoint."""
        durable.replace_link(self.path / name, checkpoint.relative_to(self.path).as_posix())

    def pointed(self, name: str) -> Path | None:
        """The checkpoint that ``best`` or ``last`` means; None before there is one."""
        pointer = self.path / name
        if pointer.is_symlink():
            return self.path / pointer.readlink()
        return self.path / pointer.read_text("utf-8").strip() if pointer.is_file() else None

    def report(self, split: str, body: dict[str, Any] | None) -> None:
        """Keep what the metrics of a split hide, in ``reports/``, in place of an earlier one."""
        if body is not None:
            (self.path / "reports").mkdir(exist_ok=True)
            durable.replace_json(self.path / "reports" / f"{split}.json", body)

    def recipe(self) -> Recipe:
        """The filled-in recipe of the run."""
        return Recipe.load(self.path / "recipe.json")

    def resolved(self) -> dict[str, Any]:
        """What ``resolved.json`` says. Raises CheckpointError where it cannot be read."""
        try:
            return json.loads((self.path / "resolved.json").read_bytes())
        except ValueError as error:
            raise CheckpointError(f"{self.path / 'resolved.json'} is damaged: {error}") from None


def _lock(path: Path) -> int:
    """An open descriptor that holds the lock; the operating system lets go of it when the process ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        hint = "Wait for it to end, or choose another folder."
        raise Busy(f"{path.parent} is being written to by process {owner}", hint=hint) from None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor
