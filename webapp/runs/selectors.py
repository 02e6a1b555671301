"""The gate to runs: every row is fetched here, by someone who may see it.

All raise Http404 for what the person may not see, PermissionDenied where they may and their role lacks ``right``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.db.models import QuerySet

from webapp.accounts.models import User
from webapp.runs.models import Run
from webapp.teams.models import Team


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
    raise NotImplementedError


def run_for(user: User, run_id: str, *, right: str = "view") -> Run:
    """One run, with its version and dataset."""
    raise NotImplementedError


def queue() -> dict[str, int]:
    """Place in the queue (1 = next) of every run that waits, by id; fetched once for a whole list."""
    raise NotImplementedError


def waiting_for(run: Run, position: int | None) -> str | None:
    """What a queued run waits for, in a sentence; None when it does not wait."""
    raise NotImplementedError


def checkpoints(run: Run) -> list[Checkpoint]:
    """The checkpoints on disk, earliest first."""
    raise NotImplementedError
