"""Plain text as records: one line each, in the column ``text``; empty lines are left out."""

from __future__ import annotations

from array import array
from pathlib import Path

import numpy as np

from rnncore.data.compact import Cells, Numbers
from rnncore.data.table import Progress, Table, TextLines


def read(path: Path, name: str, kind: str, progress: Progress | None) -> Table:
    text, cells, numbers = TextLines(path, name, progress), Cells(), array("q")
    for number, line in enumerate(text, 1):
        if line.strip():
            cells.add(line.removesuffix("\n"))
            numbers.append(number)
    return Table(name, kind, {"text": cells.texts()}, Numbers(np.frombuffer(numbers, np.int64)), text.details)
