"""What is done with models: published, renamed, described, shared, deleted.

Services check the person's role in the team; they raise what :mod:`webapp.problems` lists.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import Http404
from django.utils import timezone

from webapp.accounts.models import User
from webapp.db import referring
from webapp.models import card as cards
from webapp.models import folders
from webapp.models.models import Model, Share, Version
from webapp.models.selectors import hash_of, version_of
from webapp.names import clean_name
from webapp.problems import Conflict, Invalid
from webapp.runs.models import Run
from webapp.runs.selectors import Checkpoint, checkpoint_of, reports_on
from webapp.teams.history import note
from webapp.teams.selectors import require_in


class Stale(Conflict):
    """Somebody changed the model after it was read."""


def publish(
    *, user: User, run: Run, checkpoint: str | int = "best", name: str | None = None, model: Model | None = None
) -> Model:
    """A model from one of the run's checkpoints ("best", "last" or a step), or the next version of ``model``, which
    is renamed where there is a name. What the run stated becomes the facts of its card.

    Raises Invalid at name, model_id or checkpoint, Conflict when the run has no checkpoint yet, Http404 when the model
    was deleted meanwhile.
    """
    require_in(user, run.team_id, "publish")
    if name is not None or model is None:
        name = clean_name(name or "")
    if model is not None:
        _check_fits(model, run)
    chosen = checkpoint_of(run, checkpoint)
    version = _version(user, run, chosen)
    try:
        version.bytes = folders.fill(version.id, chosen.folder, reports_on(run, chosen))
    except FileNotFoundError:  # thinned out while it was copied
        raise Conflict("The checkpoint is gone by now; the run has newer ones. Try again.") from None
    try:
        with referring("The run, its data or its team was deleted just now."), transaction.atomic():
            new = Model(team_id=run.team_id, created_by=user, name=name or "", task=run.kind)
            row = new if model is None else _held(model)
            return _added(user, row, version, name)
    except BaseException:
        folders.remove(version.id)
        raise


def _version(user: User, run: Run, chosen: Checkpoint) -> Version:
    facts = cards.fill(run, chosen.step)
    evaluation = facts["evaluation"]
    return Version(
        run=run, dataset=run.version.dataset, created_by=user, step=chosen.step, facts=facts,
        baseline=cards.strongest(run.baselines, facts["task"]),
        metrics={"loss": evaluation["loss"], **evaluation["metrics"]} if evaluation else {},
    )  # fmt: skip


def _check_fits(model: Model, run: Run) -> None:
    if model.team_id != run.team_id:
        raise Invalid.at("model_id", f"“{model.name}” belongs to another team than the run.")
    if model.task != run.kind:
        ours, theirs = run.task.label.lower(), model.choice.label.lower()
        raise Invalid.at("model_id", f"“{model.name}” is a model for {theirs}, the run learned {ours}.")


def _added(user: User, model: Model, version: Version, name: str | None) -> Model:
    """The model with one version more, both written."""
    if model.newest_id and name not in (None, model.name):
        _mark(user, model, name=name)
    model.numbered += 1
    version.number = model.numbered
    if not model.newest_id:
        model.save(force_insert=True)
    version.model = model
    version.save(force_insert=True)
    model.newest = version
    model.save()
    note(user, "published", model)
    return model


def update(
    *,
    user: User,
    model: Model,
    name: str | None = None,
    card: dict[str, Any] | None = None,
    revision: int | None = None,
) -> Model:
    """Renames the model or replaces fields of its card (None takes one away). The model as it is now.

    ``revision``: the one that was read. Raises Stale when there is a newer one, Invalid at the field, Http404 when the
    model was deleted meanwhile.
    """
    require_in(user, model.team_id, "publish")
    with transaction.atomic():
        row = _held(model)
        if revision is not None and revision != row.revision:
            raise Stale(f"{_who(row)} changed it meanwhile: it has revision {row.revision}, you read {revision}.")
        version = version_of(row)
        facts, words, tags = cards.changed(version, card or {})
        name = row.name if name is None else clean_name(name)
        if (name, words, tags, facts) != (row.name, row.words, row.tags, version.facts):
            _mark(user, row, name=name, words=words, tags=tags)
            row.save()
            version.facts = facts
            version.save(update_fields=["facts"])
            note(user, "changed", row)
    return row


def _mark(user: User, model: Model, **changes: Any) -> None:
    for field, value in changes.items():
        setattr(model, field, value)
    model.revision += 1
    model.changed_by, model.changed_at = user, timezone.now()


def _held(model: Model) -> Model:
    """The model as it is now, which nobody else writes until the transaction ends. Raises Http404."""
    # Alone: what is joined to a locked row is, on Postgres, as it was before one waited for the lock.
    row = Model.objects.select_for_update().filter(id=model.id).first()
    if row is None:
        raise Http404("The model was deleted.")
    return row


def _who(model: Model) -> str:
    return str(model.changed_by) if model.changed_by else "Somebody"


def delete(*, user: User, model: Model) -> None:
    """Deletes the model with its versions; its links answer 404 from then on. Raises Http404 the second time."""
    require_in(user, model.team_id, "delete")
    with transaction.atomic():
        row = _held(model)
        versions = list(row.versions.values_list("id", flat=True))
        note(user, "deleted", row)
        row.delete()
    for version_id in versions:
        folders.remove(version_id)


def delete_version(*, user: User, version: Version) -> None:
    """Deletes one version of several, with the links that stay with it; those that follow the newest show the newest
    of those that are left. Runs that started from it have its weights.

    Raises Conflict where it is the only one, Http404 the second time.
    """
    require_in(user, version.team_id, "delete")
    with transaction.atomic():
        row = _held(version.model)
        gone = version_of(row, version.number)
        row.newest = row.versions.exclude(id=gone.id).order_by("-number").first()
        if row.newest is None:
            raise Conflict("It is the only version; delete the model.")
        row.save(update_fields=["newest"])
        note(user, "deleted", gone)
        gone.delete()
    folders.remove(version.id)


def share(
    *, user: User, model: Model, expires_at: datetime | None = None, version: Version | None = None,
    follows: bool = False,
) -> tuple[Share, str]:  # fmt: skip
    """A link to the model's playground and its path ``/s/<secret>``, which is shown once and not kept.

    It stays with ``version`` (by default the newest there is), or ``follows``: shows the newest, whenever it is opened.
    """
    require_in(user, model.team_id, "share")
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid.at("expires_at", "The link would end before it begins.")
    secret = secrets.token_urlsafe(24)
    shown = None if follows else version or version_of(model)
    with referring("The model or this version of it was deleted just now."), transaction.atomic():
        share = Share.objects.create(
            model=model, version=shown, created_by=user, sha256=hash_of(secret), expires_at=expires_at
        )
        note(user, "shared", model)
    return share, f"/s/{secret}"


def revoke(*, user: User, share: Share) -> None:
    """The link stops working at once; twice is no error."""
    require_in(user, share.model.team_id, "share")
    with transaction.atomic():
        if Share.objects.filter(id=share.id, revoked_at=None).update(revoked_at=timezone.now()):
            note(user, "revoked", share.model)
