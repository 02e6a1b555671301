"""What a list of runs is narrowed to and in which order it comes: read from an address, never trusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from rnncore import catalog
from webapp.datasets.models import Dataset
from webapp.ids import is_id
from webapp.orders import NEWEST, NUMBER, SPAN, TEXT, Key, Order
from webapp.pages.paging import no_order
from webapp.runs.models import Run, Status
from webapp.teams.models import Team

MOST_OPTIONS = 200  # of a thing to narrow by, in a form


def _lasted(runs: QuerySet[Run], at: datetime) -> QuerySet[Run]:
    """With ``lasted``, for how long each had trained at a moment."""
    end = Least(Coalesce("ended_at", Value(at)), Value(at))
    return runs.annotate(lasted=ExpressionWrapper(end - F("started_at"), DurationField()))


LOSS = Key("best_loss", NUMBER, nullable=True)
TIME = Key("lasted", SPAN, descending=True, nullable=True)

ORDERS: dict[str, Order] = {
    order.name: order
    for order in (
        NEWEST,
        Order("name", "By name", (Key("name", TEXT), *NEWEST.keys)),
        Order("best", "Lowest loss first", (LOSS, *NEWEST.keys)),
        Order("time", "Longest first", (TIME, *NEWEST.keys), _lasted),
        Order("status", "By status", (Key("status", TEXT), *NEWEST.keys)),
    )
}
"""Orders of a list, on the page and over REST."""


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
    order: Order = NEWEST
    wrong: list[tuple[str, str]] = field(default_factory=list)

    @property
    def narrowed(self) -> bool:
        return bool(self.words or self.chosen)

    def narrow(self, runs: QuerySet[Run]) -> QuerySet[Run]:
        """Those of ``runs`` that were asked for."""
        if self.words:
            runs = runs.filter(Q(name__icontains=self.words) | Q(version__dataset__name__icontains=self.words))
        for name, value in self.chosen.items():
            runs = runs.filter(CHOICES[name].narrow(value))
        return runs

    def of(self, runs: QuerySet[Run]) -> QuerySet[Run]:
        """The same, in order."""
        return self.order.of(self.narrow(runs), timezone.now())


def read(query: Mapping[str, str]) -> Asked:
    """What the query of an address asks for: ``q``, the names of :data:`CHOICES`, and ``sort``."""
    chosen, wrong = {}, []
    for name, choice in CHOICES.items():
        value = query.get(name, "")
        if value and choice.narrow(value) is None:
            wrong.append((name, f"there is no {choice.label} {value!r:.60}"))
        elif value:
            chosen[name] = value
    order = ORDERS.get(sort := query.get("sort") or NEWEST.name)
    if order is None:
        wrong.append(no_order(sort, ORDERS))
    words = query.get("q", "").replace("\0", "").strip()[:200]
    return Asked(words, chosen, order or NEWEST, wrong)
