"""Names that people give to things: cleaned where they come in, shown as they are (templates escape them)."""

from __future__ import annotations

import unicodedata

from webapp.problems import Invalid

LONGEST = 200
FILENAME_BYTES = 200  # file systems take 255; room is left for what is added to it
BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # they make names lie
UNSEEN = frozenset({"Cf", "Mn", "Zs"})  # joiners, marks and blanks: alone they show nothing


def clean_name(text: str, *, field: str = "name") -> str:
    """The name in one line, without control characters. Raises Invalid when nothing is left or it is too long."""
    name = one_line(text)
    if all(unicodedata.category(char) in UNSEEN for char in name):
        raise Invalid.at(field, "Give it a name.")
    if len(name) > LONGEST:
        raise Invalid.at(field, f"A name has at most {LONGEST} characters; this one has {len(name):,}.")
    return name


def clean_filename(text: str) -> str:
    """What a browser said a file is called, as the name of one file: no folders, no control characters, not too long.

    >>> clean_filename("../../etc/passwd"), clean_filename("C:\\\\texts\\\\a\\0b.txt"), clean_filename("..")
    ('passwd', 'ab.txt', 'untitled')
    """
    name = one_line(text.replace("\\", "/").rpartition("/")[2])
    if not name.strip("."):
        return "untitled"
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending.encode()) > 20:
        return _cut(name, FILENAME_BYTES)
    return _cut(stem, FILENAME_BYTES - len(ending.encode()) - 1) + dot + ending


def one_line(text: str) -> str:
    """The text without line breaks, control characters and marks that turn its direction."""
    kept = (" " if char.isspace() else char for char in text)
    return " ".join("".join(c for c in kept if unicodedata.category(c) not in ("Cc", "Cs") and c not in BIDI).split())


def _cut(text: str, most: int) -> str:
    """The first ``most`` bytes of the text, in whole characters."""
    return text.encode()[:most].decode(errors="ignore")
