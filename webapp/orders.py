"""Orders of a list, and how a page of it begins where another ended: past the values of that one's last row.

So nothing is shown twice or left out because of what was added or taken away meanwhile. Knows no request and no table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import index
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy

from webapp.ids import is_id

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Kind:
    """How values of a column are written as JSON; ``read`` raises (ValueError, TypeError …) for what is none."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _moment(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError(text)
    return when.astimezone(UTC)


def _text(text: str) -> str:
    if "\0" in text:  # Postgres takes none
        raise ValueError(text)
    return text.encode().decode()  # raises where half a character is in it


def _number(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(value)
    return float(value)


def _id(text: str) -> str:
    if not is_id(text):
        raise ValueError(text)
    return text


MOMENT = Kind(datetime.isoformat, _moment)
TEXT = Kind(str, _text)
NUMBER = Kind(float, _number)
SPAN = Kind(lambda span: span // MICROSECOND, lambda count: index(count) * MICROSECOND)
ID = Kind(str, _id)


@dataclass(frozen=True)
class Key:
    """A column that a list is ordered by. ``nullable``: rows without a value come last, whatever the direction."""

    column: str
    kind: Kind
    descending: bool = False
    nullable: bool = False

    @property
    def by(self) -> OrderBy:
        last = self.nullable or None
        column = F(self.column)
        return column.desc(nulls_last=last) if self.descending else column.asc(nulls_last=last)

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.column}__isnull": True} if value is None else {self.column: value})

    def past(self, value: Any) -> Q:
        if value is None:
            return Q(pk__in=())
        beyond = Q(**{f"{self.column}__{'lt' if self.descending else 'gt'}": value})
        return beyond | Q(**{f"{self.column}__isnull": True}) if self.nullable else beyond

    def write(self, value: Any) -> Any:
        return None if value is None else self.kind.write(value)

    def read(self, value: Any) -> Any:
        return None if value is None and self.nullable else self.kind.read(value)


CREATED, LATEST_ID = Key("created_at", MOMENT, descending=True), Key("id", ID, descending=True)


@dataclass(frozen=True)
class Order:
    """``keys``: by which rows come, the last of them different in each; ``add(rows, at)``: with the columns among them
    that are not the table's own, as they were at a moment."""

    name: str
    label: str
    keys: tuple[Key, ...]
    add: Callable[[QuerySet[Any], datetime], QuerySet[Any]] = lambda rows, at: rows

    def of(self, rows: QuerySet[Any], at: datetime) -> QuerySet[Any]:
        return self.add(rows, at).order_by(*(key.by for key in self.keys))

    def past(self, rows: QuerySet[Any], values: Sequence[Any]) -> QuerySet[Any]:
        """Those of the ordered ``rows`` that come after one with these values."""
        wanted, same = Q(pk__in=()), Q()
        for key, value in zip(self.keys, values, strict=True):
            wanted |= same & key.past(value)
            same &= key.same(value)
        return rows.filter(wanted)

    def write(self, row: Any) -> list[Any]:
        """The row's values as JSON."""
        return [key.write(getattr(row, key.column)) for key in self.keys]

    def read(self, values: list[Any]) -> list[Any]:
        """The inverse; raises ValueError, TypeError, AttributeError or OverflowError for what nobody wrote."""
        return [key.read(value) for key, value in zip(self.keys, values, strict=True)]


NEWEST = Order("newest", "Newest first", (CREATED, LATEST_ID))
