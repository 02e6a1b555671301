"""Opens a text file, whatever its encoding, line ends and compression, and reads it in blocks of flat memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Trouble:
    """Bytes that are not text: how many there are, and where the first ten of them lie (bytes from the start)."""

    count: int = 0
    offsets: list[int] = field(default_factory=list)


class TextFile:
    """An open text: iterate over it for blocks of ``str``; a context manager.

    Blocks are never empty and hold at most about a million characters. Line ends are ``\\n``, a byte order mark is
    dropped, each undecodable byte is one U+FFFD. What is counted (``undecodable``, ``nul``, ``line_endings``) is
    complete once the last block was read. Offsets count bytes of the file, for gzip: of the unpacked file.
    """

    name: str
    encoding: str  # Python's name: "utf-8", "utf-16-le", "cp1252", …
    encoding_guessed: bool  # no byte order mark and not valid UTF-8
    compression: str | None  # None or "gzip"
    total_bytes: int  # size of the file on disk
    done_bytes: int  # how much of it is read
    undecodable: Trouble
    nul: Trouble
    line_endings: dict[str, int]  # how often each of "\n", "\r\n", "\r" occurs

    def __enter__(self) -> TextFile:
        raise NotImplementedError

    def __exit__(self, *exc: object) -> None:
        raise NotImplementedError

    def __iter__(self) -> Iterator[str]:
        raise NotImplementedError


def open_text(path: str | Path) -> TextFile:
    """Open a text for reading; see TextFile.

    Raises DataError where it cannot be read as text: no such file, empty, binary, gzip that is cut, corrupt or a bomb.
    The last three may also be raised while iterating.
    """
    raise NotImplementedError


def sha256(path: str | Path) -> str:
    """SHA-256 of the bytes of the file as it lies on disk, in hex."""
    raise NotImplementedError
