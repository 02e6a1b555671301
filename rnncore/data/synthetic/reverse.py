"""``reverse``: letters, and the same backwards.

Sequence to sequence: ``source`` is four to twelve of the letters a to z, ``target`` is its mirror image. Every source
stands in the file once.
"""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from typing import Any

from rnncore.data.synthetic.distinct import sequences

COLUMNS = ("source", "target")
COUNT = 20_000
LENGTH = (4, 12)


def records(count: int, draw: random.Random, length: tuple[int, int]) -> Iterator[tuple[str, str]]:
    for letters in sequences(string.ascii_lowercase, count, length, draw):
        yield "".join(letters), "".join(reversed(letters))


def optimum(length: tuple[int, int]) -> dict[str, Any]:
    """See :func:`rnncore.data.synthetic.optimum`."""
    words = "The target follows from the source: every one can be written."
    return {"metric": "exact_match", "value": 1.0, "loss": 0.0, "words": words}
