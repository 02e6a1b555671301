"""From a request's body into the part file, as it arrives."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from collections.abc import Callable
from typing import Any

from webapp.datasets import parts, services
from webapp.datasets.models import Upload
from webapp.datasets.tus.request import Request, checksum_of
from webapp.problems import Conflict, DiskFull, Refused, TooLarge
from webapp.threads import in_thread


class WrongOffset(Conflict):
    title = "Another offset"


class Gone(Refused):
    status = 410
    title = "No longer there"

    def __init__(self) -> None:
        super().__init__("The upload has expired, or was cancelled. Begin it again.")


class Locked(Refused):
    status = 423
    title = "Somebody else writes to it"


class WrongChecksum(Refused):
    status = 460
    title = "Checksum mismatch"


async def write(request: Request, upload: Upload, offset: int) -> int:
    """Writes the body at ``offset``, which has to be the end; the new end. A whole upload becomes a dataset.

    Raises Locked, WrongOffset, TooLarge (more bytes than were announced: none is kept), WrongChecksum, DiskFull, Cut.
    """
    checksum = checksum_of(request.header("upload-checksum"))
    try:
        with parts.writing(upload.id) as part:
            end = os.fstat(part).st_size
            if offset != end:
                raise WrongOffset(f"The upload stands at byte {end:,}, not at {offset:,}.")
            room = upload.length - end
            if (request.number("content-length") or 0) > room:
                raise TooLarge(f"{room:,} bytes are missing, not more: the upload said that it has {upload.length:,}.")
            await in_thread(services.prolong_upload)(upload=upload)
            end += await _receive(request, part, end, room, checksum)
            if end == upload.length:
                await _to_its_end(os.fsync, part)
                upload.dataset = await in_thread(services.finish_upload)(upload=upload)
            return end
    except parts.Busy:
        raise Locked("Another window is writing to this upload.") from None
    except FileNotFoundError:
        raise Gone from None


async def _receive(request: Request, part: int, start: int, room: int, checksum: tuple[str, bytes] | None) -> int:
    """Writes the body to the part as it arrives; how many bytes came."""
    digest = hashlib.new(checksum[0], usedforsecurity=False) if checksum else None
    count = 0
    take_back = digest is not None  # until they are known to be right
    try:
        async for block in request.blocks():
            count += len(block)
            if count > room:
                take_back = True
                raise TooLarge(f"{room:,} bytes were missing, and more came. None of them is kept.")
            await _to_its_end(_append, part, block, digest)
        if digest and digest.digest() != checksum[1]:
            raise WrongChecksum("The bytes are not those that were sent. They were taken back; send them again.")
        take_back = False
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFull("The studio's disk is full. What came is kept; go on when there is room.") from None
    finally:
        if take_back:
            os.ftruncate(part, start)
    return count


def _append(part: int, block: bytes, digest: Any) -> None:
    parts.write(part, block)
    if digest:
        digest.update(block)


async def _to_its_end(function: Callable[..., Any], *args: Any) -> None:
    """Runs it in a thread, also past a cancellation: the thread must be done with the file before it is closed."""
    work = asyncio.ensure_future(asyncio.to_thread(function, *args))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await work
        raise


async def finish_forgotten(upload: Upload) -> None:
    """The last byte came, and the server ended before it could say so."""
    try:
        with parts.writing(upload.id):
            upload.dataset = await in_thread(services.finish_upload)(upload=upload)
    except (parts.Busy, FileNotFoundError):
        pass  # whoever writes finishes it, or has just done so
