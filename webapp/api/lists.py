"""Lists, newest first, a page at a time: ``limit`` and an opaque ``cursor`` in, ``{"items": […], "next": …}`` out."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Query, Schema
from pydantic import Field

from webapp.ids import is_id
from webapp.problems import Invalid
from webapp.teams.models import Team
from webapp.teams.selectors import team_for

DEFAULT, MOST = 100, 1000


class Paging(Schema):
    """What every list takes."""

    limit: int = Field(DEFAULT, ge=1, le=MOST)
    cursor: str | None = Field(None, max_length=200, description="what `next` said of the page before")
    team_id: str | None = Field(None, max_length=16, description="of this team alone; left out: of all your teams")


Page = Query[Paging]


def page(
    request: HttpRequest, paging: Paging, rows: Callable[[Any, Team | None], QuerySet[Any]],
    show: Callable[[Any], Any], also: Iterable[str] = (),
) -> dict[str, Any]:  # fmt: skip
    """One page of ``rows(user, team)``, which are ordered by -created_at and -id; ``show`` makes an item of a row.
    ``also``: what the query may name besides.

    Raises Invalid for a cursor that was not given out here, Http404 for a team that the person is not in.
    """
    only_known(request, *Paging.model_fields, *also)
    team = team_for(request.auth, paging.team_id) if paging.team_id else None
    found = rows(request.auth, team)
    if paging.cursor:
        at, row_id = _read(paging.cursor)
        found = found.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=row_id))
    items = list(found[: paging.limit + 1])
    shown = items[: paging.limit]
    return {"items": [show(row) for row in shown], "next": _cursor(shown[-1]) if len(items) > len(shown) else None}


def only_known(request: HttpRequest, *names: str) -> None:
    """Raises Invalid that names what stands in the query and means nothing there."""
    if unknown := sorted(set(request.GET) - set(names)):
        raise Invalid("; ".join(f"{name}: is not known here" for name in unknown),
                      errors=[(name, "is not known here") for name in unknown])  # fmt: skip


def _cursor(row: Any) -> str:
    body = json.dumps([row.created_at.isoformat(), row.id])
    return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[datetime, str]:
    try:
        at, row_id = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
        when = datetime.fromisoformat(at)
        if when.tzinfo is None or not is_id(row_id):
            raise ValueError(cursor)
        return when.astimezone(UTC), row_id
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):  # before year 1, after 9999
        raise Invalid.at("cursor", "is not one that this list gave out") from None
