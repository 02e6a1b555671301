"""Short excerpts of a dataset's text from anywhere in it, for drawings, without reading the file."""

from __future__ import annotations

from typing import BinaryIO

from webapp.datasets import blobs
from webapp.datasets.models import Version

WIDEST = 4  # bytes of a character at most


class Excerpts:
    """A context manager over a ready version. Compressed files cannot be sought in: their preview stands for them.

    Positions are shares of the file, so that they are exact where every character has the same number of bytes, and
    near elsewhere.
    """

    def __init__(self, version: Version) -> None:
        self._encoding = version.inspection["encoding"]
        self._bytes = version.bytes
        self._preview = "".join(version.inspection["preview"].values())
        self._file: BinaryIO | None = None
        self._path = blobs.path_of(version.sha256)
        self._compressed = bool(version.inspection["compression"])

    def __enter__(self) -> Excerpts:
        if not self._compressed:
            self._file = self._path.open("rb")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def at(self, position: int, total: int, length: int) -> str:
        """``length`` characters (fewer at the end) from ``position`` of ``total`` on."""
        if self._file is None:
            start = len(self._preview) * position // total
            return self._preview[start : start + length]
        unit = 2 if self._encoding.startswith("utf-16") else 1
        self._file.seek(self._bytes * position // total // unit * unit)
        data = self._file.read(length * WIDEST)
        # Half a character at either end is left out.
        text = data.decode(self._encoding, "ignore").lstrip("\ufeff")
        return text.replace("\r\n", "\n").replace("\r", "\n")[:length]
