"""What is done with models: published, renamed, described, shared, deleted.

Services check the person's role in the team; they raise what :mod:`webapp.problems` lists.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webapp.accounts.models import User
from webapp.models.models import Model, Share
from webapp.runs.models import Run


def publish(*, user: User, run: Run, checkpoint: str | int = "best", name: str) -> Model:
    """A model from one of the run's checkpoints ("best", "last" or a step), its card filled from the run.

    Raises Invalid at name or checkpoint, Conflict when the run has no checkpoint yet.
    """
    raise NotImplementedError


def update(*, user: User, model: Model, name: str | None = None, card: dict[str, Any] | None = None) -> Model:
    """Renames the model or replaces fields of its card. Raises Invalid at the field."""
    raise NotImplementedError


def delete(*, user: User, model: Model) -> None:
    """Deletes the model; its links answer 404 from then on."""
    raise NotImplementedError


def share(*, user: User, model: Model, expires_at: datetime | None = None) -> tuple[Share, str]:
    """A link to the model's playground and its path ``/s/<secret>``, which is shown once and not kept."""
    raise NotImplementedError


def revoke(*, user: User, share: Share) -> None:
    """The link stops working at once; twice is no error."""
    raise NotImplementedError


def opened(share: Share) -> None:
    """Counts an opening of the shared page."""
    raise NotImplementedError
