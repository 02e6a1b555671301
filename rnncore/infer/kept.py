"""The models that the inference process keeps in memory: those that write and those that predict, under one limit."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnncore.infer import conditioned
from rnncore.infer.locate import model_folder
from rnncore.infer.runtime import FILES, Runtime

if TYPE_CHECKING:
    from rnncore.infer.unknown import Telling
    from rnncore.tasks import Model


class Models:
    """Models by folder: the most recently used ones that fit into ``limit`` bytes, and always the last one.

    May be asked from several threads. What it hands out is for one thread: writing for one, predicting for another.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, Path], tuple[Any, Any, int]] = OrderedDict()

    def writing(self, path: str) -> Runtime:
        """The network that ``path`` means, read anew where its files changed. Raises as ``Runtime.load`` does."""
        return self._get("writing", path, _runtime)

    def predicting(self, path: str) -> Model | Telling:
        """The model of a task that predicts. The first one loads PyTorch. Raises as ``infer.predict.model_of`` does."""
        return self._get("predicting", path, _model)

    def _get(self, use: str, path: str, load: Callable[[Path], tuple[Any, int]]) -> Any:
        folder = model_folder(path).resolve()
        stamp = [(file.name, (stat := file.stat()).st_mtime_ns, stat.st_size, stat.st_ino) for file in _files(folder)]
        with self._lock:
            kept = self._kept.get((use, folder))
            if kept and kept[0] == stamp:
                self._kept.move_to_end((use, folder))
                return kept[1]
        model, size = load(folder)  # without the lock: a large model takes seconds
        with self._lock:
            self._kept[use, folder] = stamp, model, size
            self._kept.move_to_end((use, folder))
            while len(self._kept) > 1 and sum(size for _, _, size in self._kept.values()) > self._limit:
                self._kept.popitem(last=False)
        return model


def _runtime(folder: Path) -> tuple[Runtime, int]:
    runtime = conditioned.load(folder)
    return runtime, runtime.nbytes


def _model(folder: Path) -> tuple[Model | Telling, int]:
    import torch

    from rnncore.infer.predict import model_of

    torch.set_num_threads(1)  # see rnncore.infer.command
    return model_of(folder), (folder / "model.safetensors").stat().st_size


def _files(folder: Path) -> list[Path]:
    return [file for name in (*FILES, "recipe.json") if (file := folder / name).exists()]
