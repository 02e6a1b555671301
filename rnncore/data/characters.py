"""Characters as numbers, and as people want to read about them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

import numpy as np


def code_points(text: str) -> np.ndarray:
    """(len(text),) the code point of each character; uint8 where all are ASCII, else uint32."""
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def text_of(codes: np.ndarray) -> str:
    """The inverse of ``code_points``."""
    return codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def describe(characters: Iterable[str], most: int = 10) -> str:
    """``'é' (U+00E9), U+0007 and 3 more``: the distinct characters, in the order in which they come.

    >>> describe("é\\x07é")
    "'é' (U+00E9), U+0007"
    """
    distinct = list(dict.fromkeys(characters))
    named = ", ".join(_describe(character) for character in distinct[:most])
    return named + (f" and {len(distinct) - most:,} more" if len(distinct) > most else "")


def _describe(character: str) -> str:
    code = f"U+{ord(character):04X}"
    if character == "\n":
        return f"line end ({code})"
    visible = character.isprintable() and not unicodedata.combining(character)
    return f"{character!r} ({code})" if visible else code
