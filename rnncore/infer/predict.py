"""Answer the records of a file with a trained model: ``rnncore predict``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from rnncore import catalog
from rnncore.errors import RequestError
from rnncore.infer.locate import model_folder
from rnncore.infer.unknown import Telling, telling
from rnncore.tasks import Model, open_model
from rnncore.train.evaluate import task_of

TOGETHER = 256
"""Records that are answered at a time."""


def predict(path: str | Path, data: str | Path) -> Iterator[dict[str, Any]]:
    """One output a record of the file ``data``, in order; what an output has depends on the task, and what of its input
    is unknown to the model, :mod:`rnncore.infer.unknown` says.

    ``path``: a run's folder or a model's. Raises RequestError where its task does not predict, DataError, PromptError,
    CheckpointError.
    """
    model = model_of(path)
    inputs = iter(model.inputs(Path(data)))
    while some := list(islice(inputs, TOGETHER)):
        yield from model.predict(some)


def model_of(path: str | Path) -> Model | Telling:
    """The model of a folder, if its task predicts; it says what it does not know. Raises RequestError,
    CheckpointError."""
    folder = model_folder(path)
    kind = task_of(folder)
    if not catalog.TASKS[kind].predicts:
        label = catalog.TASKS[kind].label.lower()
        raise RequestError(f"a {label} writes and does not predict", hint="Use rnncore generate.")
    return telling(open_model(kind, folder), folder)


def write(path: str | Path, data: str | Path, out: str | Path) -> int:
    """The outputs as JSON lines in the file ``out``; how many there are."""
    count = 0
    outputs = predict(path, data)
    first = next(outputs, None)  # what is wrong with the request is said before the file is touched
    with Path(out).open("w", encoding="utf-8", newline="\n") as file:
        for output in chain([] if first is None else [first], outputs):
            file.write(json.dumps(output, ensure_ascii=False) + "\n")
            count += 1
    return count
