"""The list of models: searched, narrowed to a task, in an order."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import HttpRequest

from rnncore import catalog
from webapp.models import selectors
from webapp.models.models import Model, Share, Version
from webapp.pages.paging import no_order, page_of
from webapp.teams.current import team_of

PAGE = 50
ORDERS = {
    "newest": ("Newest first", ("-newest__created_at", "-id")),
    "name": ("By name", ("name", "id")),
    "opened": ("Most opened", (F("opened").desc(nulls_last=True), "-newest__created_at", "-id")),
    "largest": ("Largest first", ("-newest__bytes", "-id")),
}
DEFAULT = "newest"


def shown(request: HttpRequest) -> dict[str, Any]:
    """The page's models and how they were chosen. An order or a task that somebody made up is none: it is told."""
    query, task, sort = (request.GET.get(name, "").replace("\0", "").strip()[:200] for name in ("q", "task", "sort"))
    mine = selectors.models_of(request.user, team_of(request))
    tasks = sorted(mine.order_by().values_list("task", flat=True).distinct())
    found = mine
    if query:
        found = found.filter(
            Q(name__icontains=query) | Q(tags__icontains=query) | Q(newest__dataset__name__icontains=query)
        )
    if task:
        found = found.filter(task=task)
    order = sort if sort in ORDERS else DEFAULT
    page, wrong = page_of(request, _counted(found).order_by(*ORDERS[order][1]), PAGE)
    if sort not in ("", order):
        wrong.append(no_order(sort, ORDERS))
    return {
        "page": page, "wrong": wrong, "query": query, "task": task, "sort": order, "any": bool(tasks),
        "tasks": [(kind, catalog.TASKS[kind].label) for kind in tasks if kind in catalog.TASKS],
        "task_label": catalog.TASKS[task].label if task in catalog.TASKS else task,
        "orders": [(name, label) for name, (label, _) in ORDERS.items()],
        "narrowed": bool(query or task),
    }  # fmt: skip


def _counted(models: QuerySet[Model]) -> QuerySet[Model]:
    """With ``count`` (of versions), ``links`` (that were not revoked) and ``opened`` (of all links)."""
    of_it = {"model": OuterRef("pk")}
    alive = Q(revoked_at=None)
    versions, shares = Version.objects.filter(**of_it).order_by(), Share.objects.filter(**of_it).order_by()
    sums = shares.values("model").annotate(links=Count("pk", filter=alive), opened=Sum("opened"))
    return models.annotate(
        count=Subquery(versions.values("model").annotate(n=Count("pk")).values("n")),
        links=Subquery(sums.values("links")), opened=Subquery(sums.values("opened")),
    )  # fmt: skip
