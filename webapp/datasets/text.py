"""Untrusted text, made visible: which characters cannot be seen, and what they are called."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

BAR = 44
_SHOWN = {" ": "␣", "\n": "↵", "\t": "⇥", "\u00a0": "⍽"}
_NAMES = {"\n": "line end", "\t": "tab", "\r": "carriage return", "\ufffd": "bytes that could not be decoded"}
_WANTED = "\n\t\u200c\u200d"  # control and format characters that belong in running text: line ends, joiners


def visible(character: str) -> str:
    """A character as something that can be seen: itself, a picture of it, or its number.

    >>> visible("a"), visible(" "), visible("\\0"), visible("\\u200b")
    ('a', '␣', 'U+0000', 'U+200B')
    """
    if shown := _SHOWN.get(character):
        return shown
    if unicodedata.category(character)[0] == "M":  # an accent without its letter
        return f"◌{character}"
    return f"U+{ord(character):04X}" if _hidden(character) else character


def name(character: str) -> str:
    """What a character is called: its number and its Unicode name.

    >>> name("a")
    'U+0061 latin small letter a'
    """
    known = _NAMES.get(character) or unicodedata.name(character, "control character").lower()
    return f"U+{ord(character):04X} {known}"


def _hidden(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp")


@dataclass(frozen=True)
class Piece:
    """A stretch of text; ``name`` is set where it is one odd character: ``text`` is then a box's short word for it, and
    ``raw`` what a page shows in its place when the boxes are off."""

    text: str
    name: str = ""
    raw: str = ""


_SHORT = {
    "\0": "NUL", "\a": "BEL", "\b": "BS", "\x0b": "VT", "\x0c": "FF", "\r": "CR", "\x1a": "SUB", "\x1b": "ESC",
    "\x7f": "DEL", "\x85": "NEL", "\xa0": "NBSP", "\xad": "SHY", "\u2007": "FIGSP", "\u200b": "ZWSP",
    "\u2028": "LS", "\u2029": "PS", "\u202f": "NNBSP", "\u2060": "WJ", "\u3000": "IDSP", "\ufeff": "BOM",
    "\u061c": "ALM", "\u200e": "LRM", "\u200f": "RLM", "\u202a": "LRE", "\u202b": "RLE", "\u202c": "PDF",
    "\u202d": "LRO", "\u202e": "RLO", "\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI",
    "\ufffd": "\ufffd",
}  # fmt: skip
"""What Unicode's charts call those that are met most."""


def _odd(character: str) -> bool:
    """Whether a character cannot be told from nothing, or from a plain space."""
    if character in _SHORT:
        return True
    blank = character != " " and unicodedata.category(character) == "Zs"
    return blank or (_hidden(character) and character not in _WANTED)


def _box(character: str) -> Piece:
    """Control characters have no form of their own: nothing stands for them when the boxes are off."""
    raw = "" if unicodedata.category(character) in ("Cc", "Cs") else character
    return Piece(_SHORT.get(character) or f"U+{ord(character):04X}", name(character), raw)


MARK = Piece("BOM", "U+FEFF byte order mark: the first bytes of the file, not a part of the text")


def pieces(text: str) -> list[Piece]:
    """Running text, with what cannot be seen or decoded set apart.

    >>> [piece.text for piece in pieces("a\u00a0b")]
    ['a', 'NBSP', 'b']
    """
    found: list[Piece] = []
    plain = 0
    for position, character in enumerate(text):
        if (character < " " or character > "~") and _odd(character):
            if plain < position:
                found.append(Piece(text[plain:position]))
            found.append(_box(character))
            plain = position + 1
    if plain < len(text):
        found.append(Piece(text[plain:]))
    return found


@dataclass(frozen=True)
class Character:
    """One character of a vocabulary, with its bar: ``top`` and ``height`` in a drawing BAR units high."""

    shown: str
    name: str
    count: int
    top: float
    height: float


def characters(vocabulary: list[list]) -> list[Character]:
    """``[[character, count], …]``, the most frequent first, as a page shows it."""
    most = max((count for _, count in vocabulary), default=1)
    found = []
    for character, count in vocabulary:
        height = max(1.0, round(BAR * count / most, 1))
        found.append(Character(visible(character), name(character), count, top=round(BAR - height, 1), height=height))
    return found
