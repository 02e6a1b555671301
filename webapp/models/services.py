"""What is done with models: published, renamed, described, shared, deleted.

Services check the person's role in the team; they raise what :mod:`webapp.problems` lists.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from webapp.accounts.models import User
from webapp.models import card as cards
from webapp.models import folders
from webapp.models.models import Model, Share
from webapp.models.selectors import hash_of
from webapp.names import clean_name
from webapp.problems import Conflict, Invalid
from webapp.runs.models import Run
from webapp.runs.selectors import Checkpoint, checkpoints, reports_on
from webapp.teams.selectors import require_in


def publish(*, user: User, run: Run, checkpoint: str | int = "best", name: str) -> Model:
    """A model from one of the run's checkpoints ("best", "last" or a step), its card filled from the run.

    Raises Invalid at name or checkpoint, Conflict when the run has no checkpoint yet.
    """
    require_in(user, run.team_id, "publish")
    name = clean_name(name)
    chosen = _chosen(run, checkpoint)
    card = cards.fill(run, chosen.step)
    evaluation = card["evaluation"]
    model = Model(
        team_id=run.team_id, created_by=user, name=name, task=card["task"], run=run, dataset=run.version.dataset,
        step=chosen.step, card=card, baseline=cards.strongest(run.baselines, card["task"]),
        metrics={"loss": evaluation["loss"], **evaluation["metrics"]} if evaluation else {},
    )  # fmt: skip
    try:
        model.bytes = folders.fill(model.id, chosen.folder, reports_on(run, chosen))
    except FileNotFoundError:  # thinned out while it was copied
        raise Conflict("The checkpoint is gone by now; the run has newer ones. Try again.") from None
    try:
        model.save(force_insert=True)
    except BaseException:
        folders.remove(model.id)
        raise
    return model


def update(*, user: User, model: Model, name: str | None = None, card: dict[str, Any] | None = None) -> Model:
    """Renames the model or replaces fields of its card (None takes one away). Raises Invalid at the field."""
    require_in(user, model.team_id, "publish")
    if name is not None:
        model.name = clean_name(name)
    if card is not None:
        model.card = cards.changed(model.card, card)
    model.save(update_fields=["name", "card"])
    return model


def delete(*, user: User, model: Model) -> None:
    """Deletes the model; its links answer 404 from then on."""
    require_in(user, model.team_id, "delete")
    Model.objects.filter(id=model.id).delete()
    folders.remove(model.id)


def share(*, user: User, model: Model, expires_at: datetime | None = None) -> tuple[Share, str]:
    """A link to the model's playground and its path ``/s/<secret>``, which is shown once and not kept."""
    require_in(user, model.team_id, "share")
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid.at("expires_at", "The link would end before it begins.")
    secret = secrets.token_urlsafe(24)
    share = Share.objects.create(model=model, created_by=user, sha256=hash_of(secret), expires_at=expires_at)
    return share, f"/s/{secret}"


def revoke(*, user: User, share: Share) -> None:
    """The link stops working at once; twice is no error."""
    require_in(user, share.model.team_id, "share")
    Share.objects.filter(id=share.id, revoked_at=None).update(revoked_at=timezone.now())


def opened(share: Share) -> None:
    """Counts an opening of the shared page."""
    Share.objects.filter(id=share.id).update(opened=F("opened") + 1)


def _chosen(run: Run, wanted: str | int) -> Checkpoint:
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
