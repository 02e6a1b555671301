"""What is done with runs. The row is the truth; a message to a worker is only a wake-up that may be lost.

Services check the person's role in the team; they raise what :mod:`webapp.problems` lists.
"""

from __future__ import annotations

from typing import Any

from webapp.accounts.models import User
from webapp.datasets.models import Dataset
from webapp.runs.models import Run
from webapp.teams.models import Team


def start(
    *, user: User, team: Team, dataset: Dataset, recipe: dict[str, Any], name: str = "",
    valid: Dataset | None = None, test: Dataset | None = None,
) -> Run:  # fmt: skip
    """A queued run of the recipe on the dataset's newest version; trainers are woken.

    Raises RecipeError (with its fields as dotted paths), Conflict (a dataset is not ready), Invalid at ``name``.
    """
    raise NotImplementedError


def stop(*, user: User, run: Run) -> None:
    """Ends the run, at once where it waits, with a checkpoint where it trains. On an ended run: nothing."""
    raise NotImplementedError


def pause(*, user: User, run: Run) -> None:
    """Puts the run aside until :func:`resume`. Raises Conflict when it has ended."""
    raise NotImplementedError


def resume(*, user: User, run: Run) -> None:
    """Queues a paused or stopped run again, to go on from its checkpoint. Raises Conflict when it finished or failed."""
    raise NotImplementedError


def front(*, user: User, run: Run) -> None:
    """Makes a waiting run the next one. Raises Conflict when it has ended."""
    raise NotImplementedError


def rename(*, user: User, run: Run, name: str) -> Run:
    """Raises Invalid at ``name``."""
    raise NotImplementedError


def delete(*, user: User, run: Run) -> None:
    """Deletes the run with its checkpoints; a training process ends. Published models stay."""
    raise NotImplementedError
