"""What is done with runs. The row is the truth; a message to a worker is only a wake-up that may be lost.

Services check the person's role in the team; they raise what :mod:`webapp.problems` lists.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.http import Http404
from django.utils import timezone

from jobs.wake import wake
from rnncore import catalog, fitness
from rnncore.continuing import continued
from rnncore.errors import RecipeError
from rnncore.plan import Plan
from rnncore.recipe import Recipe
from webapp.accounts.models import User
from webapp.datasets.models import Dataset
from webapp.datasets.tasks import TEXT
from webapp.datasets.words import stem_of
from webapp.db import referring
from webapp.live.publish import publish_deleted, publish_run
from webapp.names import clean_name
from webapp.problems import Conflict, Invalid
from webapp.runs.beginnings import Start, lay_copy, lay_weights
from webapp.runs.estimate import planned, refuse_strange
from webapp.runs.facts import facts_of, refuse_unread, surveyed, with_columns
from webapp.runs.models import Run, Status
from webapp.runs.selectors import Checkpoint, checkpoint_of
from webapp.runs.store import folder as folder_of
from webapp.runs.store import let_go
from webapp.teams.history import note
from webapp.teams.models import Team
from webapp.teams.selectors import require_in

ENDED = frozenset({Status.FINISHED, Status.STOPPED, Status.FAILED})
GONE = "What the run needs was deleted just now: its data, its weights or its team."
KEPT_BY_ACTS = ("status", "wanted", "queued_at", "ended_at", "deaths", "died_at_step", "error")


def start(
    *, user: User, team: Team, dataset: Dataset, recipe: dict[str, Any], name: str = "",
    valid: Dataset | None = None, test: Dataset | None = None, begin: Start | None = None,
) -> Run:  # fmt: skip
    """A queued run of the recipe on the dataset's newest version; trainers are woken. ``begin``: the weights that it
    starts from.

    Raises RecipeError (with its fields as dotted paths), Conflict (a dataset is not ready, the weights are gone),
    Invalid at ``name``, at ``start`` where the weights do not know what the data is made of, and at ``valid`` or
    ``test`` where that dataset has not what is read.
    """
    require_in(user, team.id, "train")
    given = with_columns(dataset.version, Recipe.parse(recipe))
    plan = planned(dataset.version, given, begin and begin.weights)
    refuse_strange(dataset.version, plan.recipe, begin and begin.weights)
    for part, other in (("valid", valid), ("test", test)):
        if other:
            _check_part(part, other, dataset, plan.recipe)
    run = Run(
        team=team, created_by=user, name=clean_name(name or _name_of(dataset, plan.recipe)),
        version=dataset.version, valid_version=valid and valid.version, test_version=test and test.version,
        recipe=given.to_dict(), filled=plan.recipe.to_dict(), steps=plan.steps,
        planned_seconds=plan.seconds, **(begin.fields() if begin else {}),
    )  # fmt: skip
    if begin:
        lay_weights(run.id, begin.weights)
    return _queued(run)


def go_on(
    *, user: User, run: Run, recipe: dict[str, Any], checkpoint: str | int = "last", name: str = ""
) -> Run:  # fmt: skip
    """A run of its own, queued, that goes on where an ended one has a checkpoint; that one stays as it was.

    ``recipe``: that of ``run``, but for its ends and its patience. Raises RecipeError at what else differs and at ends
    that lie too early, Conflict while ``run`` has not ended or where it failed, Invalid at ``checkpoint`` or ``name``.
    """
    require_in(user, run.team_id, "train")
    point = to_go_on_from(run, checkpoint)
    given, longer, plan = longer_plan(run, Recipe.parse(recipe), point)
    new = Run(
        team_id=run.team_id, created_by=user, name=clean_name(name or f"{run.name[:180]}, continued"),
        version=run.version, valid_version=run.valid_version, test_version=run.test_version,
        recipe=given.to_dict(), filled=longer.to_dict(), step=point.step, steps=plan.steps,
        planned_seconds=plan.seconds * (1 - point.step / plan.steps), from_run=run,
        origin={"how": "continued", "name": run.name, "version": None, "step": point.step},
    )  # fmt: skip
    lay_copy(new.id, run, point)
    return _queued(new, "continued")


def to_go_on_from(run: Run, checkpoint: str | int = "last") -> Checkpoint:
    """The checkpoint that a run of its own would go on from. Raises Conflict, Invalid at ``checkpoint``."""
    if run.status == Status.PAUSED:
        raise Conflict("The run is paused. Resume it, or stop it first.")
    if run.status == Status.FAILED:
        raise Conflict("The run failed and would fail again. Start a new one from its weights, with another recipe.")
    if run.status not in ENDED:
        raise Conflict("The run is still under way. Stop it first, or wait for its end.")
    return checkpoint_of(run, checkpoint)


def longer_plan(run: Run, asked: Recipe, point: Checkpoint) -> tuple[Recipe, Recipe, Plan]:
    """The recipe as it was asked for and as the run would go on with it, and what that takes as a whole.

    Raises RecipeError at what may not change, and at ends that lie too early.
    """
    finished, filled = run.status == Status.FINISHED, Recipe.parse(run.filled)
    done = point.step if finished else None
    asked = with_columns(run.version, asked)
    longer = continued(asked, Recipe.parse(run.recipe), filled, done=done)
    plan = planned(run.version, longer)
    if plan.steps <= point.step:
        nearest = next((name for name in ("max_epochs", "max_minutes") if getattr(longer.training, name)), "max_steps")
        field = "max_steps" if longer.training.max_steps == plan.steps else nearest
        raise RecipeError.at(f"training.{field}", f"the run has taken {point.step:,} steps already; give more")
    if longer == filled and finished and point.last:
        raise RecipeError.at("training.max_steps", f"the run came to its end at step {point.step:,}; give more")
    return asked, longer, plan


def _queued(run: Run, what: str = "started") -> Run:
    """The run written, shown, and workers woken. ``what``: was done, for the team's history."""
    run.queued_at = timezone.now()
    try:
        with referring(GONE), transaction.atomic():
            run.save(force_insert=True)
            note(run.created_by, what, run)
    except BaseException:
        shutil.rmtree(folder_of(run.id), ignore_errors=True)
        raise
    publish_run(run)
    wake("jobs.training.work")
    return run


def stop(*, user: User, run: Run) -> None:
    """Ends the run, at once where it waits, with a checkpoint where it trains. On an ended run: nothing."""
    with _ours(user, run, "stopped") as row:
        if row.status == Status.RUNNING:
            row.wanted = "stop"
        elif row.status not in ENDED:
            row.status, row.wanted, row.ended_at = Status.STOPPED, "", timezone.now()


def pause(*, user: User, run: Run) -> None:
    """Puts the run aside until :func:`resume`. Raises Conflict when it has ended."""
    with _ours(user, run, "paused") as row:
        _refuse_ended(row)
        if row.status == Status.RUNNING:
            row.wanted = row.wanted or "pause"  # a stop that is asked for stays asked for
        else:
            row.status, row.wanted = Status.PAUSED, ""


def resume(*, user: User, run: Run) -> None:
    """Queues a paused or stopped run again, to go on from its checkpoint; and one that only lost its process too often.

    Raises Conflict when it finished, or failed of itself.
    """
    with _ours(user, run, "resumed") as row:
        if row.resumable:
            row.status, row.queued_at, row.ended_at = Status.QUEUED, timezone.now(), None
            row.deaths, row.died_at_step, row.error = 0, None, None
        elif row.status in (Status.FINISHED, Status.FAILED):
            raise Conflict(f"The run has {row.status}; there is nothing to go on with.")
        row.wanted = ""
    _wake()


def front(*, user: User, run: Run) -> None:
    """Makes a waiting run the next one; one that trains already stays as it is. Raises Conflict when it has ended."""
    with _ours(user, run, "moved") as row:
        _refuse_ended(row)
        if row.status == Status.QUEUED:
            first = Run.objects.filter(status=Status.QUEUED).earliest("queued_at")
            row.queued_at = first.queued_at - timedelta(milliseconds=1)
    _wake()


def rename(*, user: User, run: Run, name: str) -> Run:
    """Raises Invalid at ``name``."""
    require_in(user, run.team_id, "train")
    before, run.name = run.name, clean_name(name)
    if run.name != before:
        run.save(update_fields=["name"])
        note(user, "renamed", run, before=before)
    return run


def delete(*, user: User, run: Run) -> None:
    """Takes the run out of sight. Published models stay; :func:`restore` brings it back within ``store.KEPT``.

    A process that trains it learns from its next write that it holds nothing any more, and ends.
    """
    require_in(user, run.team_id, "delete")
    with transaction.atomic():
        if Run.objects.filter(id=run.id).update(deleted_at=timezone.now()):
            note(user, "deleted", run)
        transaction.on_commit(partial(publish_deleted, run))


def restore(*, user: User, run: Run) -> None:
    """Brings a deleted run back as it was. Twice is no error.

    One that trained has its place in the queue again and goes on from its checkpoint: with the worker that had it, if
    that has not noticed, else with the next. Nobody died, and no death is counted.
    """
    require_in(user, run.team_id, "delete")
    with transaction.atomic():
        gone = Run.everything.filter(id=run.id).exclude(deleted_at=None)
        gone.filter(status=Status.RUNNING).update(lease_until=None, **let_go(timezone.now()))
        if gone.update(deleted_at=None):
            note(user, "restored", run)
        row = Run.objects.filter(id=run.id).first()
        if row is None:
            raise Http404("The run was deleted too long ago.")
        transaction.on_commit(partial(publish_run, row))
        _wake()
    run.deleted_at, run.status = None, row.status


def _wake() -> None:
    """Tells the trainers to look, once what was done can be seen."""
    transaction.on_commit(partial(wake, "jobs.training.work"))


def _check_part(part: str, other: Dataset, dataset: Dataset, recipe: Recipe) -> None:
    """That the dataset ``other`` can validate or test what is learned from ``dataset``."""
    if recipe.task.kind == TEXT:
        facts_of(other.version, recipe)
        return
    refuse_unread(other.version)
    try:
        fitness.check_part(recipe, surveyed(dataset.version), surveyed(other.version))
    except RecipeError as error:
        raise Invalid.at(part, "; ".join(f"{other.name}: {message}" for _, message in error.errors)) from None


@contextmanager
def _ours(user: User, run: Run, what: str) -> Iterator[Run]:
    """The run's row, locked; what the block sets is saved, is told of as ``what``, and shows in ``run`` too."""
    require_in(user, run.team_id, "train")
    with transaction.atomic():
        if (row := Run.objects.select_for_update().filter(id=run.id).first()) is None:
            raise Http404("The run was deleted.")
        before = [getattr(row, field) for field in KEPT_BY_ACTS]
        yield row
        if [getattr(row, field) for field in KEPT_BY_ACTS] != before:
            row.save(update_fields=KEPT_BY_ACTS)
            note(user, what, row)
        transaction.on_commit(partial(publish_run, row))
    for field in KEPT_BY_ACTS:
        setattr(run, field, getattr(row, field))


def _refuse_ended(run: Run) -> None:
    if run.status in ENDED:
        raise Conflict(f"The run has {'been ' if run.status == Status.STOPPED else ''}{run.status} already.")


def _name_of(dataset: Dataset, recipe: Recipe) -> str:
    """``tinyshakespeare, 2×320 LSTM``; ``trec6, classification, 1×128 LSTM``"""
    network = recipe.network
    parts = [stem_of(dataset.name)[:150]]
    if recipe.task.kind != TEXT:
        parts.append(catalog.TASKS[recipe.task.kind].label.lower())
    return ", ".join([*parts, f"{network.num_layers}×{network.hidden_size} {catalog.CELLS[network.cell].label}"])
