"""One training step, drawn on the reader's own data: what stands side by side in a batch, and where it is cut.

Only places are computed here; a template draws them as SVG, so that it works without JavaScript. A drawing has
``template``, ``title``, ``caption``, ``note`` and ``alternative``, its numbers as a sentence. It is made of what the
dataset's inspection keeps (and of short excerpts of a text), never of the whole file.
"""

from __future__ import annotations

from typing import Protocol

from rnncore import catalog
from rnncore.recipe import Recipe
from webapp.datasets.models import Version
from webapp.runs.drawing import records, text, windows


class Drawing(Protocol):
    """What the page shows of a step."""

    template: str
    title: str
    caption: str
    note: str
    alternative: str


def draw(version: Version, recipe: Recipe) -> Drawing | None:
    """The first step of a filled recipe on a ready version; None where the inspection keeps nothing to draw."""
    match catalog.TASKS[recipe.task.kind].defaults:
        case "language_model":
            return text.draw(version, recipe)
        case "series":
            return windows.draw(version, recipe)
        case _:
            return records.draw(version, recipe)
