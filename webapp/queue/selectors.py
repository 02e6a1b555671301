"""The queue of the whole studio, as one person may see it: of other teams' runs only that they are there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import redis
from django.db.models import QuerySet
from django.urls import reverse

from webapp import workers
from webapp.accounts.models import User
from webapp.datasets.selectors import datasets_of
from webapp.queue.waits import left, starts
from webapp.runs.models import Run, Status
from webapp.runs.selectors import runs_of
from webapp.teams.models import Team
from webapp.teams.roles import may
from webapp.teams.selectors import teams_of

SHOWN = 100  # waiting runs on the page
ANOTHER = "another team’s run"


@dataclass(frozen=True)
class Entry:
    """A run that trains or waits. ``run`` and ``team`` are None where the person may not see it."""

    run: Run | None
    team: Team | None
    may_train: bool
    left: float | None  # seconds
    place: int = 0  # of one that waits: 1 is next
    starts: float | None = None  # in seconds, about
    why: str = ""


@dataclass(frozen=True)
class Holder:
    """What a worker does, or what holds a GPU: ``verb name``, and where to read more."""

    verb: str
    name: str
    address: str = ""


@dataclass(frozen=True)
class Post:
    """A worker with what it does."""

    worker: workers.Worker
    doing: list[Holder]


@dataclass(frozen=True)
class Place:
    """A machine, and each of its GPUs with those that hold it."""

    machine: workers.Machine
    gpus: list[tuple[workers.Gpu, list[Holder]]]


@dataclass(frozen=True)
class Queue:
    """``slots`` is None where the workers could not be asked."""

    training: list[Entry]
    waiting: list[Entry]
    more: int
    slots: int | None
    posts: list[Post]
    places: list[Place]


def queue_for(user: User) -> Queue:
    """All that the page shows, in the same few queries however long the queue is."""
    known = known_workers()
    slots = None if known is None else workers.slots(known)
    teams = {team.id: team for team in teams_of(user)}
    running = [_entry(run, teams) for run in _rows(Status.RUNNING, "started_at")]
    found = list(_rows(Status.QUEUED, "queued_at")[: SHOWN + 1])
    more = Run.objects.filter(status=Status.QUEUED).count() - SHOWN if len(found) > SHOWN else 0
    waiting = _placed([_entry(run, teams) for run in found[:SHOWN]], running, slots)
    words = _holders(user, known or [])
    return Queue(
        training=running, waiting=waiting, more=more, slots=slots,
        posts=[Post(worker, [words[deed] for deed in worker.doing]) for worker in known or []],
        places=_places(known or [], words),
    )  # fmt: skip


def places_for(user: User) -> list[Place]:
    """The machines alone, with what holds their GPUs."""
    known = known_workers() or []
    return _places(known, _holders(user, known))


def known_workers() -> list[workers.Worker] | None:
    """The workers; None when Redis does not answer."""
    try:
        return workers.workers()
    except redis.RedisError:
        return None


def why(place: int, running: int, slots: int | None) -> str:
    """What the waiting run at this place waits for, in a sentence."""
    if slots is None:
        return "The workers cannot be asked just now: Redis does not answer."
    if slots == 0:
        return "No training worker is running."
    if place <= slots - running:
        return "A worker takes it within seconds."
    if place > 1:
        return f"{place - 1} {'run' if place == 2 else 'runs'} before it."
    return "The one training slot is taken." if slots == 1 else f"All {slots} training slots are taken."


def _rows(status: str, order: str) -> QuerySet[Run]:
    return Run.objects.filter(status=status).order_by(order, "id").defer("recipe", "started", "baselines", "rewinds")


def _entry(run: Run, teams: dict[str, Team]) -> Entry:
    team = teams.get(run.team_id)
    return Entry(run if team else None, team, bool(team) and may(team.role, "train"), left(run))


def _placed(waiting: list[Entry], running: list[Entry], slots: int | None) -> list[Entry]:
    times = starts([entry.left for entry in running], [entry.left for entry in waiting], slots or 0)
    return [
        replace(entry, place=place, starts=time, why=why(place, len(running), slots))
        for place, (entry, time) in enumerate(zip(waiting, times, strict=True), 1)
    ]


def _places(known: list[workers.Worker], words: dict[workers.Deed, Holder]) -> list[Place]:
    found = []
    for machine in workers.machines(known):
        deeds = [deed for worker in known if worker.alive and worker.host == machine.host for deed in worker.doing]
        gpus = [(gpu, [words[deed] for deed in deeds if deed.device == gpu.id]) for gpu in machine.gpus]
        found.append(Place(machine, gpus))
    return found


def _holders(user: User, known: list[workers.Worker]) -> dict[workers.Deed, Holder]:
    """What the workers do, in words: names where the person may read them."""
    deeds = {deed for worker in known for deed in worker.doing}
    about = {what: {deed.id for deed in deeds if deed.what == what} for what in ("run", "version")}
    runs = dict(runs_of(user).filter(id__in=about["run"]).values_list("id", "name")) if about["run"] else {}
    files = _files(user, about["version"]) if about["version"] else {}
    return {deed: _holder(deed, runs, files) for deed in deeds}


def _files(user: User, version_ids: set[str]) -> dict[str, tuple[str, str]]:
    """Id and name of the dataset of each version that the person may see."""
    rows = datasets_of(user).filter(versions__id__in=version_ids).values_list("versions__id", "id", "name")
    return {version_id: (dataset_id, name) for version_id, dataset_id, name in rows}


def _holder(deed: workers.Deed, runs: dict[str, str], files: dict[str, tuple[str, str]]) -> Holder:
    if deed.what == "run":
        name = runs.get(deed.id)
        return Holder("Trains", name, reverse("runs:detail", args=[deed.id])) if name else Holder("Trains", ANOTHER)
    if deed.what == "version":
        dataset_id, name = files.get(deed.id, ("", "another team’s file"))
        return Holder("Reads", name, reverse("datasets:detail", args=[dataset_id]) if dataset_id else "")
    return Holder("Answers", "a question to a model") if deed.what == "model" else Holder("Measures", "this machine")
