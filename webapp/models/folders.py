"""Where the files of a published version lie: ``models/<its id>/`` in the data folder, which the engine reads as it is.

In ``reports/`` lies what its metrics hide.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from webapp.models.store import folder as folder_of

WEIGHTS = "model.safetensors"
LEFT = ("state.json", "state.safetensors")
"""Of a checkpoint: what a training goes on from. All its other files make the model."""


def fill(version_id: str, checkpoint: Path, reports: Iterable[Path] = ()) -> int:
    """Copies a checkpoint's files, and reports on it; the folder appears whole or not at all. Returns its size in
    bytes, without the reports."""
    target = folder_of(version_id)
    draft = target.with_name(f".{version_id}")
    draft.mkdir(parents=True)
    try:
        for path in checkpoint.iterdir():
            if path.name not in LEFT:
                _copy(path, draft / path.name)
        for path in reports:
            (draft / "reports").mkdir(exist_ok=True)
            _copy(path, draft / "reports" / path.name)
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return sum(path.stat().st_size for path in files(version_id))


def files(version_id: str) -> list[Path]:
    """The files that make it: all but the reports."""
    return sorted(path for path in folder_of(version_id).iterdir() if path.is_file())


def remove(version_id: str) -> None:
    shutil.rmtree(folder_of(version_id), ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
