"""What a list of runs is narrowed to and in which order it comes: read from an address, never trusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from rnncore import catalog
from webapp.datasets.models import Dataset
from webapp.ids import is_id
from webapp.runs.models import Run, Status
from webapp.teams.models import Team

NEWEST = "newest"
MOST_OPTIONS = 200  # of a thing to narrow by, in a form

ORDERS: dict[str, tuple[str, tuple[Any, ...]]] = {
    NEWEST: ("Newest first", ("-created_at", "-id")),
    "name": ("By name", ("name", "-created_at", "-id")),
    "best": ("Lowest loss first", (F("best_loss").asc(nulls_last=True), "-created_at", "-id")),
    "time": ("Longest first", (F("lasted").desc(nulls_last=True), "-created_at", "-id")),
    "status": ("By status", ("status", "-created_at", "-id")),
}
"""Orders of a list: what people read, and columns."""


@dataclass(frozen=True)
class Choice:
    """A thing to narrow by. ``options``: (value, label) of what there is in a team, for a form; ``narrow``: the
    condition of a value, None where the value means nothing."""

    label: str
    options: Callable[[Team], list[tuple[str, str]]]
    narrow: Callable[[str], Q | None]


def _one_of(known: Mapping[str, str], column: str) -> Choice:
    return Choice(
        label=column.replace("_kind", ""), options=lambda team: list(known.items()),
        narrow=lambda value: Q(**{column: value}) if value in known else None,
    )  # fmt: skip


def _datasets(team: Team) -> list[tuple[str, str]]:
    return list(Dataset.objects.filter(team=team).order_by("name", "id").values_list("id", "name")[:MOST_OPTIONS])


def _people(team: Team) -> list[tuple[str, str]]:
    return list(team.members.order_by("email").values_list("id", "email")[:MOST_OPTIONS])


CHOICES: dict[str, Choice] = {
    "status": _one_of(dict(Status.choices), "status"),
    "task": _one_of({kind: task.label for kind, task in catalog.TASKS.items()}, "task_kind"),
    "cell": _one_of({name: cell.label for name, cell in catalog.CELLS.items()}, "cell"),
    "dataset": Choice("dataset", _datasets, lambda value: Q(version__dataset=value) if is_id(value) else None),
    "by": Choice("person", _people, lambda value: Q(created_by=value) if is_id(value) else None),
}


@dataclass(frozen=True)
class Asked:
    """A list that was asked for. ``wrong``: (name, message) of what meant nothing and was left out."""

    words: str = ""
    chosen: dict[str, str] = field(default_factory=dict)
    order: str = NEWEST
    wrong: list[tuple[str, str]] = field(default_factory=list)

    @property
    def narrowed(self) -> bool:
        return bool(self.words or self.chosen)

    def of(self, runs: QuerySet[Run]) -> QuerySet[Run]:
        """Those of ``runs``, in order."""
        if self.words:
            runs = runs.filter(Q(name__icontains=self.words) | Q(version__dataset__name__icontains=self.words))
        for name, value in self.chosen.items():
            runs = runs.filter(CHOICES[name].narrow(value))
        if self.order == "time":
            runs = runs.annotate(lasted=Coalesce("ended_at", Now()) - F("started_at"))
        return runs.order_by(*ORDERS[self.order][1])


def read(query: Mapping[str, str]) -> Asked:
    """What the query of an address asks for: ``q``, the names of :data:`CHOICES`, and ``sort``."""
    chosen, wrong = {}, []
    for name, choice in CHOICES.items():
        value = query.get(name, "")
        if value and choice.narrow(value) is None:
            wrong.append((name, f"there is no {choice.label} {value!r:.60}"))
        elif value:
            chosen[name] = value
    order = query.get("sort") or NEWEST
    if order not in ORDERS:
        wrong.append(("sort", f"there is no order {order!r:.60}; there are {', '.join(ORDERS)}"))
        order = NEWEST
    return Asked(words=query.get("q", "").replace("\0", "").strip()[:200], chosen=chosen, order=order, wrong=wrong)
