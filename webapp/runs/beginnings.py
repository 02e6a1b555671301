"""What a run may begin with in place of drawn weights: a model's, a checkpoint's, or a whole run that it goes on with.

The files are laid into the new run's folder before it has a row: whatever becomes of what they come from, they stay.
They are linked where they never change, so that this takes no time and no room.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnncore.errors import RequestError
from rnncore.weights import Weights
from webapp.accounts.models import User
from webapp.models import selectors as published
from webapp.models.models import Version
from webapp.models.store import folder as folder_of_version
from webapp.problems import Conflict
from webapp.runs import selectors
from webapp.runs.models import Run
from webapp.runs.selectors import Checkpoint
from webapp.runs.store import folder, weights_folder

KEPT_OF_DATA = ("tokenizer.json", "start")
"""Of the engine's ``out/data``: all else is made again from the data."""


@dataclass(frozen=True)
class Start:
    """Weights that a run starts from, and where they come from: a ``version`` of a model or a checkpoint of ``run``."""

    weights: Weights
    step: int
    name: str
    version: Version | None = None
    run: Run | None = None

    @property
    def key(self) -> str:
        """As a form names it: ``model:ID:VERSION``, ``run:ID:STEP``."""
        return key_of(self.version) if self.version else f"run:{self.run.id}:{self.step}"

    @property
    def label(self) -> str:
        """In words, for a choice or a sentence."""
        if self.version:
            return f"{self.name} (model, version {self.version.number})"
        return f"{self.name}, step {self.step:,}"

    def fields(self) -> dict[str, Any]:
        """What the new run's row says of it."""
        number = self.version.number if self.version else None
        origin = {"how": "weights", "name": self.name, "version": number, "step": self.step}
        return {"origin": origin, "from_version": self.version, "from_run": self.run}


def key_of(version: Version) -> str:
    """:attr:`Start.key` of a model's version."""
    return f"model:{version.model_id}:{version.number}"


def from_model(user: User, model_id: str, number: str | None = None) -> Start:
    """A version (by default the newest) of a model that the person may see. Raises Http404, Conflict."""
    version = published.version_of(published.model_for(user, model_id), number)
    weights = _whole(folder_of_version(version.id), version.model.name)
    return Start(weights, step=version.step, name=version.model.name, version=version)


def from_checkpoint(user: User, run_id: str, wanted: str | int = "best") -> Start:
    """A checkpoint of a run that the person may see. Raises Http404, Invalid at ``checkpoint``, Conflict."""
    run = selectors.run_for(user, run_id)
    point = selectors.checkpoint_of(run, wanted)
    return Start(_whole(point.folder, run.name), step=point.step, name=run.name, run=run)


def named(user: User, key: str) -> Start:
    """The inverse of :attr:`Start.key`. Raises what the two raise."""
    kind, _, rest = key.partition(":")
    thing, _, number = rest.partition(":")
    return from_model(user, thing, number) if kind == "model" else from_checkpoint(user, thing, number)


def lay_weights(run_id: str, weights: Weights) -> None:
    """Puts the weights where the first attempt of a run looks for them. Raises Conflict when they are gone."""
    target = weights_folder(run_id)
    target.mkdir(parents=True)
    try:
        for path in weights.files:
            _link(path, target / path.name)
    except FileNotFoundError:
        shutil.rmtree(folder(run_id), ignore_errors=True)
        raise Conflict("What the run was to start from is gone by now. Choose something else.") from None


def lay_copy(run_id: str, source: Run, upto: Checkpoint) -> None:
    """Copies the engine's folder of ``source``, its checkpoints up to one and all that it stated, for a run of its own.

    What it stated after that checkpoint, the run takes back with its first word (``rewound``). Raises Conflict when
    the checkpoint is gone.
    """
    old, new = folder(source.id) / "out", folder(run_id) / "out"
    (new / "checkpoints").mkdir(parents=True)
    try:
        for point in selectors.checkpoints(source):
            if point.step <= upto.step:
                shutil.copytree(point.folder, new / "checkpoints" / point.folder.name, copy_function=_link)
        for name in ("recipe.json", "resolved.json"):
            shutil.copyfile(old / name, new / name)
        for name in KEPT_OF_DATA:
            _copy(old / "data" / name, new / "data" / name)
        if upto.last:  # they are of the best evaluation, which another one may not have come to
            _copy(old / "reports", new / "reports")
        shutil.copyfile(old / "events.jsonl", new / "events.jsonl")  # last: it is never behind a checkpoint
    except (FileNotFoundError, shutil.Error):  # the latter: while a folder was copied
        shutil.rmtree(folder(run_id), ignore_errors=True)
        raise Conflict("A checkpoint of the run is gone by now. Look at the list again.") from None


def _whole(path: Path, name: str) -> Weights:
    try:
        return Weights.of(path)
    except RequestError as error:
        raise Conflict(f"{name} has no whole weights on this machine ({error}).") from None


def _copy(source: Path, target: Path) -> None:
    """A file or folder, where there is one."""
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _link(source: str | Path, target: str | Path) -> None:
    """One more name for a file that never changes; a copy of it where file systems do not allow that."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, target)
