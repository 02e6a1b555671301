"""A run's checkpoints in words and figures: when each was written, and what was measured at its step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from webapp.runs import feed, points
from webapp.runs.models import Run
from webapp.runs.pyramid import limits
from webapp.runs.selectors import Checkpoint, checkpoints

NEAR = 0.1
"""How far from a checkpoint's step a training loss may have been stated that is told for it, as a share of the step."""


@dataclass(frozen=True)
class Row:
    """``loss``: on the ``split`` "valid", or on the training data ("train") where nothing was measured there."""

    point: Checkpoint
    at: datetime | None
    loss: float | None
    split: str
    bytes: int


def rows(run: Run) -> list[Row]:
    """The checkpoints on disk, newest first."""
    found = checkpoints(run)
    stated = {event["step"]: event["at"] for event in feed.facts(run, ("checkpointed",))}
    valid = {event["step"]: event["loss"] for event in feed.evaluations(run) if event["split"] == "valid"}
    train = _training_losses(run, [point.step for point in found if point.step not in valid])
    return [_row(point, stated, valid, train) for point in reversed(found)]


def _row(point: Checkpoint, stated: dict[int, str], valid: dict[int, float | None], train: dict[int, float]) -> Row:
    at = stated.get(point.step)
    split = "valid" if point.step in valid else "train"
    return Row(
        point=point, at=datetime.fromisoformat(at) if at else None, split=split,
        loss=(valid if split == "valid" else train).get(point.step),
        bytes=sum(path.stat().st_size for path in point.folder.glob("*") if path.is_file()),
    )  # fmt: skip


def _training_losses(run: Run, steps: Sequence[int]) -> dict[int, float]:
    """The training loss that was stated last at or just before each of these steps, where there is one."""
    around = Q()
    for step in steps:
        around |= Q(first_step__lte=step, last_step__gte=step * (1 - NEAR))
    if not around:
        return {}
    found: dict[int, float] = {}
    place, loss = points.COLUMNS.index("step"), points.COLUMNS.index("loss")
    for columns in run.blocks.filter(around).order_by("first_seq").values_list("columns", flat=True):
        table = points.unpack(columns)
        held = table[place] <= limits(run.rewinds, table[0])  # what was not taken back
        for step in steps:
            near = held & (table[place] <= step) & (table[place] >= step * (1 - NEAR))
            if near.any():
                found[step] = float(table[loss, near][-1])
    return {step: value for step, value in found.items() if value == value}
