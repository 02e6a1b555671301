"""Measure a finished model on another file: ``rnncore evaluate``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rnncore.errors import CheckpointError
from rnncore.infer.locate import model_folder
from rnncore.tasks import open_model


def evaluate(path: str | Path, data: str | Path) -> dict[str, Any]:
    """``{"loss", "metrics", "baseline": {name: loss}}`` of a model over every token or record of the file ``data``.

    ``path``: a run's folder or a model's. Computed in float32.

    Raises RequestError where there is no model, DataError, CheckpointError.
    """
    folder = model_folder(path)
    return open_model(task_of(folder), folder).evaluate(Path(data), Path(path))


def task_of(folder: Path) -> str:
    """The kind of task that a model folder's network was trained for. Raises CheckpointError."""
    try:
        return json.loads((folder / "network.json").read_bytes())["task"]
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"{folder} is not a whole model: {error}") from None
