"""The bytes of ready versions: each content once, read-only, under its SHA-256."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings


def path_of(sha256: str) -> Path:
    """Where the bytes with this hash lie (or would lie)."""
    return settings.DATA / "blobs" / sha256[:2] / sha256


@contextmanager
def lock() -> Iterator[None]:
    """Held, over all processes, while bytes move in or out."""
    folder = settings.DATA / "blobs"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def put(source: Path, sha256: str) -> Path:
    """Moves the file ``source``, whose hash the caller knows, into the store; drops it when its bytes are there.

    ``source`` has to lie in the data folder, so that the move is one rename: a blob is there whole or not at all. The
    row that wants the bytes names their hash before this is called: who deletes looks for such rows first.
    """
    target = path_of(sha256)
    with lock():
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            source.unlink()
            return target
        source.chmod(0o444)
        source.rename(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return target


def remove(sha256: str) -> None:
    """Deletes the bytes. The caller holds :func:`lock` and has seen that no row names the hash."""
    path_of(sha256).unlink(missing_ok=True)
