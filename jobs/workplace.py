"""The folder of a run as the trainer finds it, and whoever is still at work in it.

::

    recipe.json            what is trained
    data/<original name>   a link to the text in the blob store; valid/ and test/ likewise where they are given
    out/                   the engine's folder
    weights/               what it starts from, in place of drawn weights; only where that was asked for
    log.txt                what the trainer printed, attempt after attempt
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from pathlib import Path

import psutil

from jobs.ports import Claim, Source

OUT, LOG, LOCK = Path("out"), Path("log.txt"), Path("out", "lock")


def prepare(claim: Claim) -> list[str]:
    """Lays out the folder; returns the arguments of ``rnncore`` that train in it."""
    claim.folder.mkdir(parents=True, exist_ok=True)
    recipe = claim.folder / "recipe.json"
    recipe.write_text(json.dumps(claim.recipe, indent=2, ensure_ascii=False) + "\n", "utf-8")
    arguments = ["train", recipe.name]
    for part, source in (("data", claim.data), ("valid", claim.valid), ("test", claim.test)):
        if source:
            arguments += [f"--{part}", str(_link(claim.folder, part, source))]
    if claim.weights:
        arguments += ["--weights", str(claim.weights.relative_to(claim.folder))]
    return [*arguments, "--out", str(OUT), "--resume", "--until-stdin-closes"]


def _link(folder: Path, part: str, source: Source) -> Path:
    """A link under the owner's name for the file, so that the command on the run page reads as they would type it."""
    shutil.rmtree(folder / part, ignore_errors=True)
    (folder / part).mkdir()
    link = Path(part, safe_name(source.name))
    (folder / link).symlink_to(os.path.relpath(source.path, (folder / part).resolve()))
    return link


def safe_name(name: str) -> str:
    """A file name without folders, control characters or excess length (in bytes)."""
    last = "".join(letter for letter in name.replace("\\", "/").rpartition("/")[2] if letter.isprintable())
    short = last.encode("utf-8", "ignore")[-200:].decode("utf-8", "ignore").lstrip(".-")
    return short or "data.txt"


def is_free(folder: Path) -> bool:
    """Whether no trainer holds the lock of the folder."""
    try:
        file = (folder / LOCK).open("rb")
    except FileNotFoundError:
        return True
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def occupant(folder: Path) -> psutil.Process | None:
    """The trainer that holds the lock, when it runs on this machine and is surely one of this run."""
    try:
        process = psutil.Process(int((folder / LOCK).read_text()))
        works_here = Path(process.cwd()) == folder.resolve()
        return process if works_here and "rnncore" in process.cmdline() else None
    except (OSError, ValueError, psutil.Error):
        return None
