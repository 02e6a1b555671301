"""Opens a text file, whatever its encoding, line ends and compression, and reads it in blocks of flat memory.

``open_text`` is the only way a text enters Unroll: what is inspected, tokenized and trained on is the same text. It
knows bytes and characters, not lines or tokens. How the encoding is found: :mod:`rnncore.data.encodings`.
"""

from __future__ import annotations

import codecs
import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from rnncore.data.encodings import detect
from rnncore.errors import DataError

BLOCK = 1 << 20
"""Bytes that are decoded at a time."""

BOMB_FREE = 32 << 20
BOMB_RATIO = 200
"""A gzip that unpacks to more than BOMB_FREE bytes and BOMB_RATIO times its own size is refused: prose shrinks three
to five times, monotonous logs perhaps fifty times, a bomb up to 1032 times."""

MAX_OFFSETS = 10

MOST_MARKS = 2000
"""Places of an index at most; where there would be more, every other one is left out."""


@dataclass
class Trouble:
    """Bytes that are not text: how many there are, and where the first ten of them lie: bytes from the start, and the
    line, from 1."""

    count: int = 0
    offsets: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


class TextFile:
    """An open text: iterate over it for blocks of ``str``; a context manager.

    Blocks are never empty and hold about a million characters at most. Line ends are ``\\n``, a byte order mark is
    dropped, each undecodable byte (UTF-16: each lone surrogate) is one U+FFFD, NUL stays. What is counted
    (``undecodable``, ``nul``, ``line_endings``, ``index``) is complete once the last block was read; iterating again
    starts again. Offsets count bytes of the file, for gzip: of the unpacked file.

    ``index``: ``[[line, offset], …]``, ascending: at byte ``offset``, which is in ``line``, one may begin to read.
    Packed files have none.
    """

    def __init__(self, path: str | Path) -> None:
        self.name = Path(path).name
        self._raw = _open(path)
        try:
            self.total_bytes = self._raw.seek(0, 2)  # size of the file on disk
            self._begin = 0
            self.compression = "gzip" if self._magic() == b"\x1f\x8b" else None
            self._encoding = detect(self._blocks(), self.name)
        except BaseException:
            self._raw.close()
            raise
        self.encoding = self._encoding.name  # Python's name: "utf-8", "utf-16-le", "cp1252", …
        self.encoding_guessed = self._encoding.guessed  # there was no byte order mark and it is not plainly UTF-8
        self.byte_order_mark = self._encoding.bom_length > 0
        self._start()

    def _start(self) -> None:
        self.done_bytes = 0  # how much of the file on disk is read
        self.undecodable = Trouble()
        self.nul = Trouble()
        self.line_endings = {"\n": 0, "\r\n": 0, "\r": 0}  # how often each occurs
        self.index: list[list[int]] = []
        self._every = self._blocks_read = 1  # blocks between two places of the index
        self._held = ""  # a carriage return at the end of a block: the line feed may be in the next one

    def begin_at(self, offset: int) -> None:
        """Iterate from this byte on, one of ``index``; lines are then counted from there."""
        self._begin = 0 if self.compression else offset

    def __enter__(self) -> TextFile:
        return self

    def __exit__(self, *exc: object) -> None:
        self._raw.close()

    def __iter__(self) -> Iterator[str]:
        self._start()
        for text in self._decoded():
            text, self._held = self._held + text, ""
            if text.endswith("\r"):
                text, self._held = text[:-1], "\r"
            if text:
                yield self._normalized(text)
        if self._held:
            yield self._normalized(self._held)

    def _normalized(self, text: str) -> str:
        crlf = text.count("\r\n")
        cr = text.count("\r") - crlf
        self.line_endings["\n"] += text.count("\n") - crlf
        self.line_endings["\r\n"] += crlf
        self.line_endings["\r"] += cr
        return normalize_line_ends(text) if crlf or cr else text

    def _decoded(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(self.encoding)()
        lenient = {"utf-8": "surrogateescape", "utf-16-le": "surrogatepass", "utf-16-be": "surrogatepass"}
        errors = lenient.get(self.encoding, "replace")
        offset = self._begin or self._encoding.bom_length  # of the first byte that is not decoded yet
        skip = offset - self._begin
        for block in _with_end(self._blocks()):
            data, final = (b"", True) if block is None else (block[skip:], False)
            skip -= len(block or b"") - len(data)
            waiting = decoder.getstate()[0]
            odd = final and self.encoding.startswith("utf-16") and len(waiting) % 2 == 1
            if odd:  # half a code unit at the very end
                decoder.setstate((waiting[:-1], 0))
            text = self._decode(decoder, data, final, errors, offset)
            if odd:
                self._note(self.undecodable, 1, [offset + len(waiting) - 1], [self._line(text, len(text))])
                text += "\ufffd"
            self._mark(text, offset)
            offset += len(waiting) + len(data) - len(decoder.getstate()[0])
            if text:
                yield text

    def _decode(self, decoder: codecs.IncrementalDecoder, data: bytes, final: bool, errors: str, offset: int) -> str:
        """The text of ``data``, which begins at byte ``offset``; counts what is not text in it."""
        try:
            text = decoder.decode(data, final)
        except UnicodeDecodeError:
            decoder.errors = errors
            text = decoder.decode(data, final)
            decoder.errors = "strict"
            bad = _REPLACED if errors == "replace" else _SURROGATE
            places = [match.start() for match in bad.finditer(text)]
            lines = [self._line(text, place) for place in places[:MAX_OFFSETS]]
            self._note(self.undecodable, len(places), self._offsets(text, places, errors, offset), lines)
            text = bad.sub("\ufffd", text) if errors != "replace" else text
        if nuls := text.count("\0"):
            places = _first(text, "\0", MAX_OFFSETS - len(self.nul.offsets))
            lines = [self._line(text, place) for place in places]
            self._note(self.nul, nuls, self._offsets(text, places, errors, offset), lines)
        return text

    def _line(self, text: str, place: int) -> int:
        """The line of a place in the text that was decoded last."""
        ended = bool(self._held) and not text.startswith("\n")
        before = text[:place]
        ends = before.count("\n") + before.count("\r") - before.count("\r\n")
        return 1 + sum(self.line_endings.values()) + ended + ends

    def _mark(self, text: str, offset: int) -> None:
        """Note where a block begins, now and then."""
        self._blocks_read += 1
        if self.compression or not text or self._held or self._blocks_read % self._every:
            return
        self.index.append([self._line(text, 0), offset])
        if len(self.index) > MOST_MARKS:
            self.index, self._every = self.index[::2], 2 * self._every

    def _offsets(self, text: str, places: list[int], errors: str, offset: int) -> list[int]:
        return [offset + len(text[:place].encode(self.encoding, errors)) for place in places[:MAX_OFFSETS]]

    @staticmethod
    def _note(trouble: Trouble, count: int, offsets: list[int], lines: list[int]) -> None:
        trouble.count += count
        trouble.lines += lines[: MAX_OFFSETS - len(trouble.lines)]
        trouble.offsets += offsets[: MAX_OFFSETS - len(trouble.offsets)]

    def _magic(self) -> bytes:
        self._raw.seek(0)
        return self._raw.read(2)

    def _blocks(self) -> Iterator[bytes]:
        """The unpacked bytes of the file, from where one begins."""
        self._raw.seek(self._begin)
        blocks = _gunzip(self._raw, self.name) if self.compression else iter(lambda: self._raw.read(BLOCK), b"")
        for block in blocks:
            self.done_bytes = self._raw.tell()
            yield block


_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACED = re.compile("\ufffd")


def open_text(path: str | Path) -> TextFile:
    """Open a text for reading; see TextFile.

    Raises DataError where it cannot be read as text: no such file, empty, binary, gzip that is cut, corrupt or a bomb.
    The last three may also be raised while iterating.
    """
    return TextFile(path)


def normalize_line_ends(text: str) -> str:
    """``\\r\\n`` and a lone ``\\r`` become ``\\n``."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def sha256(path: str | Path) -> str:
    """SHA-256 of the bytes of the file as it lies on disk, in hex. Raises DataError where it cannot be read."""
    with _open(path) as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()


def _open(path: str | Path) -> BinaryIO:
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise DataError(f"{path.name} is not a file")
        return path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise DataError(f"{path.name!r} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _with_end(blocks: Iterator[bytes]) -> Iterator[bytes | None]:
    yield from blocks
    yield None


def _first(text: str, what: str, limit: int) -> list[int]:
    places: list[int] = []
    place = text.find(what)
    while place >= 0 and len(places) < limit:
        places.append(place)
        place = text.find(what, place + 1)
    return places


def _gunzip(raw: BinaryIO, name: str) -> Iterator[bytes]:
    """The unpacked bytes of all members, at most BLOCK at a time."""
    member, waiting, unpacked = None, b"", 0
    while waiting or (waiting := raw.read(BLOCK // 16)):
        if member is None:
            waiting = waiting.lstrip(b"\0")  # tape drives pad with zeros after a member
            if not waiting:
                continue
            member = zlib.decompressobj(wbits=31)
        try:
            block = member.decompress(waiting, BLOCK)
        except zlib.error as error:
            raise DataError(
                f"{name}: the gzip data is damaged after {unpacked:,} unpacked bytes ({error})",
                offset=unpacked, hint="Compress the file again, or give it uncompressed.",
            ) from None  # fmt: skip
        unpacked += len(block)
        waiting = member.unused_data if member.eof else member.unconsumed_tail
        if unpacked > BOMB_FREE and unpacked > BOMB_RATIO * (raw.tell() - len(waiting)):
            raise DataError(
                f"{name} unpacks to more than {BOMB_RATIO} times its size, as a gzip bomb does; "
                f"reading ended after {unpacked:,} bytes",
                offset=unpacked, hint="If it is a real text, unpack it and give the text itself.",
            )  # fmt: skip
        if member.eof:
            member = None
        if block:
            yield block
    if member is not None:
        if block := member.flush():
            unpacked += len(block)
            yield block
        if not member.eof:
            raise DataError(
                f"{name}: the gzip data ends too early, after {unpacked:,} unpacked bytes",
                offset=unpacked, hint="The file is incomplete: copy or compress it again.",
            )  # fmt: skip
