"""``sum``: digits and their sum.

Regression: ``text`` is ``"3 1 4"``, two to five digits, ``label`` is ``8``. Every sequence stands in the file once.
"""

from __future__ import annotations

import builtins
import random
from collections.abc import Iterator
from typing import Any

from rnncore.data.synthetic.distinct import sequences

COLUMNS = ("text", "label")
COUNT = 10_000
LENGTH = (2, 5)


def records(count: int, draw: random.Random, length: tuple[int, int]) -> Iterator[tuple[str, int]]:
    for digits in sequences("0123456789", count, length, draw):
        yield " ".join(digits), builtins.sum(map(int, digits))


def optimum(length: tuple[int, int]) -> dict[str, Any]:
    """See :func:`rnncore.data.synthetic.optimum`."""
    return {"metric": "mae", "value": 0.0, "loss": 0.0, "words": "The sum follows from the digits: no error is left."}
