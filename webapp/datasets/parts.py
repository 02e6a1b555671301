"""The bytes of uploads on their way. The length of a part file is the truth about how far an upload has come.

A part is written by one writer at a time, over all processes: whoever has the file's lock.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

SPARE_BYTES = 512 * 1024**2  # left free for the database, checkpoints and everybody else


class Busy(Exception):
    """Somebody else writes to this part."""


def path_of(upload_id: str) -> Path:
    return settings.DATA / "uploads" / f"{upload_id}.part"


def create(upload_id: str) -> None:
    path = path_of(upload_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=False)


def length(upload_id: str) -> int | None:
    """How many bytes have come; None when there is no such part."""
    try:
        return path_of(upload_id).stat().st_size
    except FileNotFoundError:
        return None


@contextmanager
def writing(upload_id: str) -> Iterator[int]:
    """A file descriptor at the end of the part, which is ours while the block runs.

    Raises Busy when somebody else has it, FileNotFoundError when there is none.
    """
    descriptor = os.open(path_of(upload_id), os.O_WRONLY | os.O_APPEND)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy from None
        yield descriptor
    finally:
        os.close(descriptor)


def write(descriptor: int, block: bytes | bytearray) -> None:
    """All of the block; a plain ``os.write`` may stop half way."""
    view = memoryview(block)
    while view:
        view = view[os.write(descriptor, view) :]


def remove(upload_id: str) -> None:
    path_of(upload_id).unlink(missing_ok=True)


def free_bytes() -> int:
    """What uploads may still take of the disk."""
    stat = os.statvfs(settings.DATA)
    return max(0, stat.f_bavail * stat.f_frsize - SPARE_BYTES)
