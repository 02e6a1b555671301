"""Files that are on disk, whole, once the call returns."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def sync(path: Path) -> None:
    """Wait until the file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_text(path: Path, text: str) -> None:
    """Write a file in one step: readers see the old text or the new one, also after a power cut."""
    draft = path.with_name(f".{path.name}.tmp")
    draft.write_text(text, "utf-8")
    sync(draft)
    draft.replace(path)
    sync(path.parent)


def as_json(body: Any) -> str:
    """JSON for people to read."""
    return json.dumps(body, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def replace_json(path: Path, body: Any) -> None:
    """:func:`replace_text` with JSON."""
    replace_text(path, as_json(body))


def replace_link(path: Path, target: str) -> None:
    """Make ``path`` a link to ``target`` in one step; where links are not to be had, a file with the target in it."""
    draft = path.with_name(f".{path.name}.tmp")
    draft.unlink(missing_ok=True)
    try:
        draft.symlink_to(target)
    except OSError:
        replace_text(path, target + "\n")
        return
    draft.replace(path)
    sync(path.parent)
