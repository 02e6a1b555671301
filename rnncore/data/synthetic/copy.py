"""``copy``: ten letters, a long silence, a sign, and the ten letters again (Hochreiter and Schmidhuber 1997; in this
form Arjovsky et al. 2016, section 4.1).

Tagging, for the output stands beside the input step by step: ``text`` is ten of the letters a to h, as many blanks
(``_``) as the length says, a ``:`` and nine blanks; ``tags`` is blanks, and from the ``:`` on the letters. A network
that remembers nothing still writes the blanks: its loss is 10 ln 8 / (length + 20), at 100 blanks 0.1733 nats per tag.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

COLUMNS = ("text", "tags")
COUNT = 10_000
MAX_COUNT = 10**6
LENGTH = (100, 100)
LETTERS, KEPT = "abcdefgh", 10


def records(count: int, draw: random.Random, length: tuple[int, int]) -> Iterator[tuple[str, str]]:
    for _ in range(count):
        silence = draw.randint(*length)
        letters = draw.choices(LETTERS, k=KEPT)
        text = [*letters, *"_" * silence, ":", *"_" * (KEPT - 1)]
        yield " ".join(text), " ".join([*"_" * (silence + KEPT), *letters])


def optimum(length: tuple[int, int]) -> dict[str, Any]:
    """See :func:`rnncore.data.synthetic.optimum`."""
    words = "Every tag follows from the letters before the silence: no loss is left."
    return {"metric": "accuracy", "value": 1.0, "loss": 0.0, "words": words}
