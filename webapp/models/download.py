"""A model's files as a zip that ``rnncore generate`` or ``predict`` runs once unpacked, sent while it is made."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from django.http import StreamingHttpResponse

from webapp.models.folders import WEIGHTS, files
from webapp.models.models import Version
from webapp.models.readme import markdown
from webapp.runs.summary import slug
from webapp.threads import in_thread

BLOCK = 1024 * 1024


def zipped(version: Version) -> StreamingHttpResponse:
    """The model's files, and its card twice."""
    texts = {"card.json": json.dumps(version.card, indent=1), "README.md": markdown(version)}
    return zip_of(slug(version.model.name, "model"), files(version.id), texts)


def zip_of(name: str, paths: Iterable[Path], texts: Mapping[str, str] | None = None) -> StreamingHttpResponse:
    """A zip of files, and of texts by their names, that is to be called ``name``."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"'}
    return StreamingHttpResponse(_sent(paths, texts or {}), content_type="application/zip", headers=headers)


async def _sent(paths: Iterable[Path], texts: Mapping[str, str]) -> AsyncIterator[bytes]:
    blocks = _blocks(paths, texts)
    while (block := await in_thread(next)(blocks, None)) is not None:
        yield block


class _Sink:
    """What ZipFile writes to: it has no ``seek``, so the archive comes out front to back."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, block: bytes) -> int:
        self._waiting += block
        return len(block)

    def flush(self) -> None: ...

    def take(self) -> bytes:
        taken, self._waiting = bytes(self._waiting), bytearray()
        return taken


def _blocks(paths: Iterable[Path], texts: Mapping[str, str]) -> Iterator[bytes]:
    sink = _Sink()
    with ZipFile(sink, "w") as archive:
        for path in paths:
            with path.open("rb") as source, archive.open(_entry(path.name), "w", force_zip64=True) as target:
                while block := source.read(BLOCK):
                    target.write(block)
                    yield sink.take()
        for name, text in texts.items():
            archive.writestr(_entry(name), text.encode("utf-8", "replace"))
        yield sink.take()
    yield sink.take()


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, time.gmtime()[:6])
    entry.compress_type = ZIP_STORED if name == WEIGHTS else ZIP_DEFLATED  # weights do not get smaller
    entry.external_attr = 0o644 << 16
    return entry
