"""``adding``: a long list of numbers of which two are marked; their sum is wanted (Hochreiter and Schmidhuber 1997).

Regression on two columns of numbers, a list a cell: ``values`` uniform in [0, 1], ``markers`` with a 1 in the first
half and one in the second, else 0; ``target``. A model that always says 1 has a squared error of 1/6 = 0.1667.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

COLUMNS = ("values", "markers", "target")
COUNT = 5_000
MAX_COUNT = 10**6
LENGTH = (200, 200)
DIGITS = 4
"""Behind the point; the target is the sum of the numbers as they are written."""


def records(count: int, draw: random.Random, length: tuple[int, int]) -> Iterator[tuple[str, str, str]]:
    for _ in range(count):
        steps = max(2, draw.randint(*length))
        values = [draw.randrange(10**DIGITS + 1) for _ in range(steps)]
        marked = draw.randrange(steps // 2), draw.randrange(steps // 2, steps)
        markers = ["1" if step in marked else "0" for step in range(steps)]
        target = values[marked[0]] + values[marked[1]]
        yield " ".join(map(_written, values)), " ".join(markers), _written(target)


def _written(number: int) -> str:
    return f"{number / 10**DIGITS:.{DIGITS}f}"


def optimum(length: tuple[int, int]) -> dict[str, Any]:
    """See :func:`rnncore.data.synthetic.optimum`."""
    words = "The sum follows from the marked numbers: no error is left. Always to say 1 has a squared error of 0.1667."
    return {"metric": "rmse", "value": 0.0, "loss": 0.0, "words": words}
