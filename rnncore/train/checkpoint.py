"""Checkpoints: all that is needed to go on exactly, in a folder that appears whole or not at all.

::

    model.safetensors     the weights alone, named like PyTorch's
    network.json          how to build the network; with the task's own files (tokenizer.json) this is a model
    recipe.json           the recipe, filled in
    state.safetensors     optimizer, carry, random number generators
    state.json            everything else, and the SHA-256 of the two tensor files

Tensors are safetensors and everything else is JSON: nothing that is read can run code.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from rnncore.errors import CheckpointError
from rnncore.train import durable

FORMAT = 1
MODEL, STATE = "model.safetensors", "state.safetensors"


@dataclass(frozen=True)
class Contents:
    """What a checkpoint holds. ``texts``: further files by name, e.g. ``network.json``; they are written and not read.

    ``sha256``: of the weights, once they are in a file.
    """

    step: int
    model: dict[str, Tensor]
    tensors: dict[str, Tensor]
    values: dict[str, Any]
    texts: dict[str, str] = field(default_factory=dict)
    sha256: str = ""


def path_of(folder: Path, step: int) -> Path:
    """Where the checkpoint of a step lies."""
    return folder / f"step-{step:08d}"


def write(folder: Path, contents: Contents) -> tuple[Path, str]:
    """Write a checkpoint into ``folder``; returns its path and the SHA-256 of its weights.

    It is prepared beside its place and on disk before it is renamed. One that is there for the same step is replaced.
    """
    path = path_of(folder, contents.step)
    draft = folder / f".draft-{contents.step:08d}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    hashes = {}
    for name, tensors in ((MODEL, contents.model), (STATE, contents.tensors)):
        raw = save({key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()})
        hashes[name] = hashlib.sha256(raw).hexdigest()
        _write(draft / name, raw)
    for name, text in contents.texts.items():
        _write(draft / name, text.encode())
    body = {"format": FORMAT, "step": contents.step, "sha256": hashes, **contents.values}
    _write(draft / "state.json", json.dumps(body, indent=1, allow_nan=False).encode())
    durable.sync(draft)
    _discard(path)
    draft.rename(path)
    durable.sync(folder)
    return path, hashes[MODEL]


def read(path: Path) -> Contents:
    """Read a checkpoint back. Raises CheckpointError where it is not whole."""
    try:
        values = json.loads((path / "state.json").read_bytes())
        if values.pop("format") != FORMAT:
            raise CheckpointError(f"{path} was written by another version of rnncore")
        hashes = values.pop("sha256")
        for name, wanted in hashes.items():
            if hashlib.sha256((path / name).read_bytes()).hexdigest() != wanted:
                raise CheckpointError(f"{path / name} is damaged")
        model, tensors = load_file(path / MODEL), load_file(path / STATE)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise CheckpointError(f"{path} is not a whole checkpoint: {error}") from None
    return Contents(values.pop("step"), model, tensors, values, sha256=hashes[MODEL])


def newest(folder: Path) -> Contents | None:
    """The newest checkpoint in ``folder`` that is whole; None where there is none."""
    for path in sorted(folder.glob("step-*"), reverse=True):
        with contextlib.suppress(CheckpointError):
            return read(path)
    return None


def thin(folder: Path, keep: set[Path]) -> None:
    """Remove old checkpoints, and drafts that a crash left.

    Those in ``keep`` stay, and of the others the newest in each of the ranges 1, 2-3, 4-7, 8-15 … as counted among
    all steps, so that an early state can still be looked at and their number grows with the logarithm of the run.
    """
    kept_ranges: set[int] = set()
    for path in sorted(folder.glob("step-*"), reverse=True):
        span = int(path.name.removeprefix("step-")).bit_length()
        if path in keep:
            continue
        if span in kept_ranges:
            _discard(path)
        kept_ranges.add(span)
    for draft in folder.glob(".draft-*"):
        shutil.rmtree(draft)


def _discard(path: Path) -> None:
    """Remove a checkpoint in such a way that no half of it can be taken for a whole."""
    if path.exists():
        doomed = path.rename(path.with_name(f".draft-{path.name}"))
        shutil.rmtree(doomed)


def _write(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)
    durable.sync(path)
