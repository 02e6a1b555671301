"""Plain text as records: one line each, in the column ``text``; empty lines are left out."""

from __future__ import annotations

from pathlib import Path

from rnncore.data.table import Progress, Table, text_of


def read(path: Path, name: str, kind: str, progress: Progress | None) -> Table:
    text, details = text_of(path, name, progress)
    records = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    return Table(name, kind, {"text": [line for _, line in records]}, [number for number, _ in records], details)
