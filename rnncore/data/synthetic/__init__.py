"""Data that is made, of which the best possible result is known: one file a data set.

A text (``grammar``) or a CSV of records. Each module has ``COUNT`` (how much where nothing is said), ``optimum`` and
either ``text`` or ``COLUMNS`` and ``records``; those whose sequences have a length of choice have ``LENGTH``, the least
and the greatest. Where a record could be drawn twice, it is not, or its copies share a group: no split has the same one
on both sides.
"""

from __future__ import annotations

import csv
import random
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from rnncore.errors import RequestError

NAMES = ("grammar", "sum_mod_10", "sum", "adding", "copy", "reverse", "dates", "seasonal", "jingles")
MAX_COUNT = 10**7
MAX_LENGTH = 10_000


def write(name: str, out: str | Path, count: int | None = None, seed: int = 1, length: str | None = None) -> None:
    """Write the data set ``name`` to ``out``: ``count`` records, of ``grammar`` characters.

    ``length`` of a record's sequence: a number or ``least-greatest``. The same request gives the same bytes.

    Raises RequestError for an unknown name, a bad count or length.
    """
    module = _module(name)
    count = _checked_count(module, module.COUNT if count is None else count)
    draw = random.Random(seed)
    options = _length(module, name, length)
    with Path(out).open("w", encoding="utf-8", newline="\n") as file:
        if hasattr(module, "text"):
            file.writelines(module.text(count, draw))
            return
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(module.COLUMNS)
        rows.writerows(module.records(count, draw, **options))


def optimum(name: str, length: str | None = None) -> dict[str, Any]:
    """What the best possible model reaches on the data set ``name``.

    ``metric`` and its ``value``; ``loss`` in the unit of the task that is meant for it, None where that depends on the
    split; ``words``, a sentence for people. Raises RequestError for an unknown name or a bad length.
    """
    module = _module(name)
    return module.optimum(**_length(module, name, length))


def entropy(name: str) -> float:
    """The loss of a perfect model, see :func:`optimum`."""
    return optimum(name)["loss"]


def _module(name: str) -> ModuleType:
    if name not in NAMES:
        raise RequestError(f"name: {name!r} is not one of {', '.join(NAMES)}")
    return import_module(f"rnncore.data.synthetic.{name}")


def _checked_count(module: ModuleType, count: int) -> int:
    most = getattr(module, "MAX_COUNT", MAX_COUNT)
    if not 1 <= count <= most:
        raise RequestError(f"count: must be between 1 and {most:,}, not {count:,}")
    return count


def _length(module: ModuleType, name: str, length: str | None) -> dict[str, tuple[int, int]]:
    """The option ``length`` of the module's functions, where it has one."""
    usual = getattr(module, "LENGTH", None)
    if usual is None:
        if length is not None:
            raise RequestError(f"length: {name} has none")
        return {}
    if length is None:
        return {"length": usual}
    least, _, greatest = length.partition("-")
    if not least.isdecimal() or not (greatest or least).isdecimal():
        raise RequestError(f"length: must be a number or two, as in 6-20, not {length!r}")
    found = int(least), int(greatest or least)
    if not 1 <= found[0] <= found[1] <= MAX_LENGTH:
        raise RequestError(f"length: must rise and be between 1 and {MAX_LENGTH:,}, not {length}")
    return {"length": found}
