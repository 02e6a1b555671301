"""Tokens in boxes, side by side: what all drawings of sequences share. Units are those of the SVG's box."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from webapp.datasets.text import visible

LEFT, RIGHT = 4, 360
CELL = 24  # height of a box
SPACE = 1.4  # between two
LONGEST = 12  # characters in a box; a longer token is cut


@dataclass(frozen=True)
class Cell:
    """A token in its box. ``blank``: it is white space, shown by a sign. ``new``: a document begins with it.
    ``below``: what stands under the box. ``padding``: there is no token."""

    x: float
    width: float
    text: str
    blank: bool = False
    new: bool = False
    below: str = ""
    padding: bool = False

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


def shown(token: str) -> str:
    """A token as it stands in its box."""
    if token.isspace() or not token:
        return "".join(map(visible, token))[:LONGEST]
    text = "".join(map(visible, token.strip()))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def width_of(text: str) -> float:
    """Of the box around a text."""
    return 14.0 if len(text) == 1 else 6.8 * len(text) + 8


def pack(tokens: Iterable[tuple[str, bool]], left: float, right: float) -> Iterator[Cell]:
    """Cells of (token, whether a document begins with it) from the left on, as long as they fit."""
    for token, new in tokens:
        text = shown(token)
        width = width_of(text)
        if left + width > right + 0.5:
            return
        yield Cell(round(left, 1), round(width, 1), text, blank=token.isspace(), new=new)
        left += width + SPACE


def ending_at(cells: list[Cell], right: float) -> list[Cell]:
    """The cells moved so that the last one ends there."""
    shift = right - cells[-1].x - cells[-1].width if cells else 0
    return [replace(cell, x=round(cell.x + shift, 1)) for cell in cells]
