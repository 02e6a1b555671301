"""The bytes of a version as they were uploaded, sent a block at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import BinaryIO

from django.http import Http404, StreamingHttpResponse
from django.utils.http import content_disposition_header

from webapp.datasets import blobs
from webapp.datasets.models import Status, Version
from webapp.threads import in_thread

BLOCK = 1 << 20


def answer(version: Version) -> StreamingHttpResponse:
    """The file itself. Raises Http404 where its bytes are not kept: it is being read, or could not be."""
    if version.status != Status.READY:
        raise Http404("The file is kept once it is read.")
    return StreamingHttpResponse(
        _blocks(blobs.path_of(version.sha256).open("rb")), content_type="application/octet-stream",
        headers={
            "Content-Disposition": content_disposition_header(True, version.filename),
            "Content-Length": str(version.bytes), "X-Content-Type-Options": "nosniff",
        },
    )  # fmt: skip


async def _blocks(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while block := await in_thread(file.read)(BLOCK):
            yield block
