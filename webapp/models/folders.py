"""Where a published model's files lie: ``models/<id>/`` in the data folder, a folder that the engine reads as it is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from webapp.models.store import folder as folder_of

WEIGHTS = "model.safetensors"
FILES = (WEIGHTS, "network.json", "tokenizer.json", "recipe.json")
"""Of a checkpoint; those that it has are taken over."""


def fill(model_id: str, checkpoint: Path) -> int:
    """Copies a checkpoint's files; the folder appears whole or not at all. Returns its size in bytes."""
    target = folder_of(model_id)
    draft = target.with_name(f".{model_id}")
    draft.mkdir(parents=True)
    try:
        for name in FILES:
            if (checkpoint / name).is_file():
                _copy(checkpoint / name, draft / name)
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return sum(path.stat().st_size for path in target.iterdir())


def remove(model_id: str) -> None:
    shutil.rmtree(folder_of(model_id), ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
