"""The gate to runs: every row is fetched here, by someone who may see it.

All raise Http404 for what the person may not see, PermissionDenied where they may and their role lacks ``right``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import QuerySet

from webapp import workers
from webapp.accounts.models import User
from webapp.ids import is_id
from webapp.problems import Conflict, Invalid
from webapp.runs.models import Run, Status
from webapp.runs.store import folder as folder_of
from webapp.teams.models import Team
from webapp.teams.selectors import of_teams, one_of_teams

SPLITS = ("valid", "test")


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that lies on disk. ``bytes`` counts the weights alone, ``sha256`` is theirs."""

    step: int
    best: bool
    last: bool
    bytes: int
    sha256: str
    folder: Path


def runs_of(user: User, team: Team | None = None) -> QuerySet[Run]:
    """The runs of the person's teams (or of one), newest first, each with its version and dataset."""
    return of_teams(_with_data(), user, team).order_by("-created_at", "-id")


def deleted_of(user: User, team: Team | None = None) -> QuerySet[Run]:
    """The deleted runs that can still be brought back, the last deleted first."""
    rows = Run.everything.exclude(deleted_at=None).select_related("team", "version__dataset")
    return of_teams(rows.defer("version__inspection"), user, team).order_by("-deleted_at", "-id")


def held(user: User, ids: Iterable[str]) -> list[Run]:
    """Those of the runs that the person may see, deleted or not, newest first; nobody else changes them until the
    transaction ends."""
    rows = Run.everything.select_for_update(of=("self",)).filter(id__in=filter(is_id, ids))
    locked = of_teams(rows, user).order_by("id")  # all lock in one order
    return sorted(locked, key=lambda run: run.created_at, reverse=True)


def run_for(user: User, run_id: str, *, right: str = "view") -> Run:
    """One run, with its version and dataset."""
    return one_of_teams(_with_data(), user, run_id, right)


def queue() -> dict[str, int]:
    """Place in the queue (1 = next) of every run that waits, by id; fetched once for a whole list."""
    ids = Run.objects.filter(status=Status.QUEUED).order_by("queued_at", "id").values_list("id", flat=True)
    return {run_id: place for place, run_id in enumerate(ids, 1)}


def waiting_for(run: Run, position: int | None) -> str | None:
    """What a queued run waits for, in a sentence; None when it does not wait."""
    if run.status != Status.QUEUED or position is None:
        return None
    if workers.alive("training") == 0:
        return "A training worker: none is running."
    if position > 1:
        return f"{position - 1} {'run' if position == 2 else 'runs'} before it."
    if training := Run.objects.filter(status=Status.RUNNING).count():
        return f"A free training worker: {training} {'run trains' if training == 1 else 'runs train'} now."
    return "A training worker, which will take it within seconds."


def checkpoints(run: Run) -> list[Checkpoint]:
    """The checkpoints on disk, earliest first."""
    out = folder_of(run.id) / "out"
    bodies = run.facts.filter(kind="checkpointed").order_by("seq").values_list("body", flat=True)
    hashes = {body["path"]: body["sha256"] for body in bodies}
    best, last = _pointed(out / "best"), _pointed(out / "last")
    found = []
    for folder in sorted((out / "checkpoints").glob("step-*[0-9]")):
        weights = folder / "model.safetensors"
        if weights.is_file():
            found.append(Checkpoint(
                step=int(folder.name.removeprefix("step-")), best=folder.name == best, last=folder.name == last,
                bytes=weights.stat().st_size, sha256=hashes.get(f"checkpoints/{folder.name}", ""), folder=folder,
            ))  # fmt: skip
    return found


def checkpoint_of(run: Run, wanted: str | int = "best") -> Checkpoint:
    """One of the run's checkpoints: "best", "last" or a step. Raises Invalid at ``checkpoint``, Conflict when there is
    none yet."""
    found = checkpoints(run)
    if not found:
        raise Conflict("The run has no checkpoint yet. It writes one soon; try again then.")
    if wanted in ("best", "last"):
        # Before the first validation there is no best one, and the newest is as good as any.
        return next((point for point in found if getattr(point, wanted)), found[-1])
    for point in found:
        if str(point.step) == str(wanted):
            return point
    steps = ", ".join(str(point.step) for point in found)
    raise Invalid.at("checkpoint", f"There is no checkpoint {wanted!r}: best, last, or one of the steps {steps}.")


def report_of(run: Run, split: str) -> dict[str, Any] | None:
    """What the metrics of ``valid`` (the best evaluation so far) or ``test`` hide; None while there is no report."""
    return read_report(folder_of(run.id) / "out", split)


def reports(run: Run) -> list[str]:
    """The splits of which there is a report."""
    return [split for split in SPLITS if report_path(folder_of(run.id) / "out", split).is_file()]


def reports_on(run: Run, checkpoint: Checkpoint) -> list[Path]:
    """The reports that speak of a checkpoint: they are of the best one alone."""
    folder = folder_of(run.id) / "out"
    return [report_path(folder, split) for split in reports(run)] if checkpoint.best else []


def report_path(folder: Path, split: str) -> Path:
    """Where the report of a split lies in the folder of a run or of a model."""
    return folder / "reports" / f"{split}.json"


def read_report(folder: Path, split: str) -> dict[str, Any] | None:
    """The report of a split, None where there is none."""
    try:
        return json.loads(report_path(folder, split).read_bytes())
    except FileNotFoundError:
        return None


def _with_data() -> QuerySet[Run]:
    rows = Run.objects.select_related("team", "created_by", "version__dataset", "from_version")
    return rows.defer("version__inspection", "from_version__facts")


def _pointed(pointer: Path) -> str | None:
    """The name of the checkpoint that ``best`` or ``last`` (a link, or a file with the path inside) means."""
    if pointer.is_symlink():
        return pointer.readlink().name
    return Path(pointer.read_text().strip()).name if pointer.is_file() else None
