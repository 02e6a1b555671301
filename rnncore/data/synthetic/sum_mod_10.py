"""``sum_mod_10``: digits and the last digit of their sum, the classic of the field.

Classification: ``text`` is ``"3 1 4"``, two to five digits, ``label`` is ``8``. Short sequences come as often as long
ones, for it is from them that a network learns to add: with each sequence there once, nine of ten have four digits or
more, and after as many steps nothing is learned. Copies of a sequence share a ``group``, and a group stays in one part
of a split, so that what is measured was never trained on.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from rnncore.data.synthetic.distinct import evenly

COLUMNS = ("text", "label", "group")
COUNT = 40_000
LENGTH = (2, 5)


def records(count: int, draw: random.Random, length: tuple[int, int]) -> Iterator[tuple[str, int, int]]:
    for digits, group in evenly("0123456789", count, length, draw):
        yield " ".join(digits), sum(map(int, digits)) % 10, group


def optimum(length: tuple[int, int]) -> dict[str, Any]:
    """See :func:`rnncore.data.synthetic.optimum`."""
    words = "The label follows from the digits: every record can be told. By chance, a tenth are right."
    return {"metric": "accuracy", "value": 1.0, "loss": 0.0, "words": words}
