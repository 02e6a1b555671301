"""Lists a page at a time, newest first or in an order of their own.

``limit`` and an opaque ``cursor`` in, ``{"items": […], "next": …}`` out.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Schema
from pydantic import Field

from webapp.orders import MOMENT, NEWEST, Order
from webapp.problems import Invalid
from webapp.teams.models import Team
from webapp.teams.selectors import team_for

DEFAULT, MOST = 100, 1000
LONGEST = 1500  # characters of a cursor: one may hold a name of 200 characters of four bytes each


class Paging(Schema):
    """What every list takes."""

    limit: int = Field(DEFAULT, ge=1, le=MOST)
    cursor: str | None = Field(None, max_length=LONGEST, description="what `next` said of the page before")
    team_id: str | None = Field(None, max_length=16, description="of this team alone; left out: of all your teams")


Page = Query[Paging]


def page(
    request: HttpRequest, paging: Paging, rows: Callable[[Any, Team | None], QuerySet[Any]],
    show: Callable[[Any], Any], also: Iterable[str] = (), order: Order = NEWEST,
) -> dict[str, Any]:  # fmt: skip
    """One page of ``rows(user, team)`` in an order; ``show`` makes an item of a row. ``also``: what the query may name
    besides.

    Raises Invalid for a cursor that was not given out here and for this order, Http404 for a team that the person is
    not in.
    """
    only_known(request, *Paging.model_fields, *also)
    team = team_for(request.auth, paging.team_id) if paging.team_id else None
    at, last = _read(paging.cursor, order) if paging.cursor else (timezone.now(), None)
    found = order.of(rows(request.auth, team), at)
    if last is not None:
        found = order.past(found, last)
    items = list(found[: paging.limit + 1])
    shown = items[: paging.limit]
    more = len(items) > len(shown)
    return {"items": [show(row) for row in shown], "next": _cursor(order, at, shown[-1]) if more else None}


def only_known(request: HttpRequest, *names: str) -> None:
    """Raises Invalid that names what stands in the query and means nothing there."""
    if unknown := sorted(set(request.GET) - set(names)):
        raise Invalid("; ".join(f"{name}: is not known here" for name in unknown),
                      errors=[(name, "is not known here") for name in unknown])  # fmt: skip


def _cursor(order: Order, at: datetime, row: Any) -> str:
    """Where a page ended: in which order, as of which moment, at which values."""
    body = json.dumps([order.name, at.isoformat(), order.write(row)], ensure_ascii=False)
    return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")


def _read(cursor: str, order: Order) -> tuple[datetime, list[Any]]:
    try:
        name, at, values = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
        if name == order.name:
            return MOMENT.read(at), order.read(values)
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):  # before year 1, after 9999
        raise Invalid.at("cursor", "is not one that this list gave out") from None
    raise Invalid.at("cursor", f"was given out for another order ({name!r:.40}); this list comes by {order.name!r}")
