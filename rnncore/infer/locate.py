"""Which model a path means."""

from __future__ import annotations

from pathlib import Path

from rnncore.errors import RequestError

POINTERS = ("best", "last")


def model_folder(path: str | Path) -> Path:
    """The folder that holds ``network.json`` and the weights.

    ``path`` is such a folder itself (a checkpoint, a published model, an unpacked download) or a run's folder, whose
    ``best`` checkpoint is taken, or ``last`` where nothing was evaluated yet. A pointer is a link or a file with the
    relative path inside.

    Raises RequestError where there is no model.
    """
    path = Path(path)
    for folder in (path, *(_pointed(path / name) for name in POINTERS)):
        if folder is not None and (folder / "network.json").is_file():
            return folder
    raise RequestError(f"{path}: {_reason(path)}", hint="Give the folder of a run or of a model.")


def _pointed(pointer: Path) -> Path | None:
    return pointer.parent / pointer.read_text("utf-8").strip() if pointer.is_file() else pointer


def _reason(path: Path) -> str:
    if not path.exists():
        return "no such folder"
    if path.is_file():
        return "a file, not a folder" + ("; unpack it first" if path.suffix == ".zip" else "")
    if (path / "recipe.json").is_file() and (path / "checkpoints").is_dir():
        return "this run has no checkpoint yet"
    return "no model in this folder (network.json is missing)"
