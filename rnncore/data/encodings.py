"""Finds out how a file writes its characters, or that it is not text at all.

A byte order mark decides. Without one: UTF-16 shows by its zero bytes, UTF-8 by being valid; what is neither is one
of the older encodings, which charset-normalizer tells apart on samples taken where the non-ASCII bytes are. The same
bytes always give the same answer.
"""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from rnncore.errors import DataError

HEAD = 1 << 16
"""Bytes at the start that decide whether a file is text."""

SCAN = 256 << 20
"""So far into a file non-ASCII bytes are looked for; later ones do not change its encoding."""

ENOUGH = 4096
"""Non-ASCII characters that settle the question."""

LEGACY = (
    "cp1252", "cp1250", "iso8859_2", "cp1251", "koi8_r", "iso8859_5", "cp866", "cp1253", "cp1254", "mac_roman", "cp850",
    "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr",
)  # fmt: skip


@dataclass(frozen=True)
class Encoding:
    """``name`` as Python calls it; ``bom_length`` bytes at the start are its byte order mark."""

    name: str
    guessed: bool = False
    bom_length: int = 0


_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"), (b"\xff\xd8\xff", "a JPEG image"), (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"), (b"%PDF-", "a PDF document"), (b"PK\x03\x04", "a zip archive (or an Office document)"),
    (b"PK\x05\x06", "an empty zip archive"), (b"\x7fELF", "a program (ELF)"), (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program (Mach-O)"), (b"7z\xbc\xaf\x27\x1c", "a 7z archive"), (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"), (b"\x28\xb5\x2f\xfd", "a zstd archive"), (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x1f\x8b", "gzip within gzip"), (b"PAR1", "a Parquet table"), (b"SQLite format 3\0", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"), (b"OggS", "an Ogg file"), (b"ID3", "an MP3 file"),
    (b"RIFF", "a RIFF file (sound or film)"), (b"\xff\xfe\0\0", "UTF-32 text"), (b"\0\0\xfe\xff", "UTF-32 text"),
    (b"\x93NUMPY", "a NumPy array"),
)  # fmt: skip
_TEXTUAL = (b"BZh", b"ID3", b"RIFF", b"PAR1", b"OggS")
"""Signatures that an ordinary text could begin with: they count only where bytes follow that are no text."""

_CONTROL = np.zeros(256, bool)
_CONTROL[:32] = True
_CONTROL[127] = True
_CONTROL[[8, 9, 10, 11, 12, 13, 27]] = False  # backspace, tab, line ends, form feed and escape occur in texts

_NO_TEXT = ("Cc", "Cn", "Co", "Cs")
"""Unicode's categories of control, unassigned, private and surrogate code points."""

_UNLIKELY = (0xFE, 0xFF)
"""Bytes that hardly ever are a letter in the older encodings of Latin script."""


def detect(blocks: Iterator[bytes], name: str) -> Encoding:
    """The encoding of the text that ``blocks`` begin. Raises DataError, which names the file by ``name``, if it is
    empty or not text."""
    start = b""
    while len(start) < HEAD and (block := next(blocks, None)) is not None:
        start += block
    if not start:
        raise DataError(f"{name} is empty", hint="Give a file with at least a few thousand characters of text.")
    head = start[:HEAD]
    _refuse_signature(head, name)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            if len(head) == len(mark):
                raise DataError(f"{name} holds a byte order mark and nothing else", hint="Give a file with text in it.")
            return Encoding(encoding, bom_length=len(mark))
    if utf16 := _utf16(head):
        return Encoding(utf16, guessed=True)
    _refuse_binary(head, name)
    return _eight_bit(chain([start], blocks))


def _refuse_signature(head: bytes, name: str) -> None:
    for magic, what in _SIGNATURES:
        if head.startswith(magic) and not (magic in _TEXTUAL and not _controls(head[:4096])):
            hint = "Save it as UTF-8." if "UTF-32" in what else "Give plain text, as it is or compressed with gzip."
            raise DataError(f"{name} is not a text file that can be read: it is {what}", offset=0, hint=hint)


def _controls(data: bytes) -> int:
    return int(_CONTROL[np.frombuffer(data, np.uint8)].sum())


def _refuse_binary(head: bytes, name: str) -> None:
    controls = _controls(head)
    survey = _Survey()
    survey.read(head)
    # Text in UTF-8 may hold stray NULs. A tenth of random bytes are control characters, and half are not UTF-8.
    limit = 0.3 if survey.invalid <= 0.05 * len(head) else 0.05
    if controls >= 4 and controls > limit * len(head):
        place = int(np.argmax(_CONTROL[np.frombuffer(head, np.uint8)]))
        raise DataError(
            f"{name} is a binary file, not text: {controls:,} of its first {len(head):,} bytes are control characters, "
            f"the first at byte {place:,}",
            offset=place, hint="Give plain text, as it is or compressed with gzip.",
        )  # fmt: skip


def _utf16(head: bytes) -> str | None:
    """utf-16-le or utf-16-be where the zero bytes speak for it."""
    data = head[: len(head) // 2 * 2]
    if b"\0" not in data:
        return None
    zeros = (np.frombuffer(data, np.uint8) == 0).reshape(-1, 2).mean(axis=0)
    for encoding, high, low in (("utf-16-le", zeros[1], zeros[0]), ("utf-16-be", zeros[0], zeros[1])):
        mostly_latin = high >= 0.4 and low <= 0.05
        if mostly_latin or (low < high and _reads_well(data[:8192], encoding)):
            return encoding
    return None


def _reads_well(data: bytes, encoding: str) -> bool:
    """Spaces or line ends among characters that exist: what wrongly read bytes do not give."""
    text = data.decode(encoding, "replace")
    wrong = sum(char == "\ufffd" or (unicodedata.category(char) in _NO_TEXT and char not in "\t\n\r") for char in text)
    spaces = text.count(" ") + text.count("\n")
    return wrong <= 0.01 * len(text) and spaces > 0.002 * len(text)


class _Survey:
    """What reading bytes as UTF-8 finds."""

    def __init__(self) -> None:
        self.length = 0
        self.valid = 0  # characters of more than one byte
        self.invalid = 0  # bytes that belong to no character
        self.likely = 0  # of those: could be a letter of an older encoding
        self.samples: list[bytes] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")

    def read(self, data: bytes, final: bool = False) -> None:
        self.length += len(data)
        if len(self.samples) < 8 and not data.isascii():
            self.samples.append(_sample(data))
        text = self._decoder.decode(data, final)
        if text.isascii():
            return
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        places = np.flatnonzero((codes >= 0xDC80) & (codes <= 0xDCFF))
        self.valid += int((codes >= 0x80).sum()) - len(places)
        if not len(places):
            return
        self.invalid += len(places)
        padded = np.concatenate([[0], np.minimum(codes, 127), [0]])
        beside_letter = _LETTER[padded[places]] | _LETTER[padded[places + 2]]
        self.likely += int((beside_letter & ~np.isin(codes[places] - 0xDC00, _UNLIKELY)).sum())


_LETTER = np.zeros(128, bool)
_LETTER[[*range(65, 91), *range(97, 123)]] = True


def _sample(data: bytes) -> bytes:
    """Up to 8 kB of whole lines from where the first non-ASCII byte is."""
    place = int(np.argmax(np.frombuffer(data, np.uint8) >= 0x80))
    start = max(data.rfind(b"\n", 0, place) + 1, place - 1024)
    sample = data[start : start + 8192]
    end = sample.rfind(b"\n") + 1
    return sample[:end] if end > 1024 else sample


def _eight_bit(blocks: Iterable[bytes]) -> Encoding:
    """UTF-8, or an older encoding where the bytes that are not UTF-8 look like letters of one."""
    survey = _Survey()
    for block in blocks:
        survey.read(block)
        if survey.valid + survey.invalid >= ENOUGH or survey.length >= SCAN:
            break
    survey.read(b"", final=True)
    if survey.invalid <= survey.valid:
        return Encoding("utf-8")
    other_script = survey.invalid > 0.2 * survey.length
    if other_script or survey.likely * 2 > survey.invalid:
        return Encoding(_legacy(b"".join(survey.samples)), guessed=True)
    return Encoding("utf-8", guessed=True)


def _legacy(sample: bytes) -> str:
    """charset-normalizer's best guess; where Western and Central European fit alike, Western."""
    from charset_normalizer import from_bytes  # only now: most files are UTF-8

    names = [match.encoding for match in from_bytes(sample, cp_isolation=list(LEGACY))]
    best = names[0] if names else "cp1252"
    if best != "cp1252" and _same(sample, best, "cp1252"):
        return "cp1252"
    return "cp1252" if best in ("cp1250", "iso8859_2") and "cp1252" in names else best


def _same(sample: bytes, one: str, other: str) -> bool:
    return sample.decode(one, "replace") == sample.decode(other, "replace")
