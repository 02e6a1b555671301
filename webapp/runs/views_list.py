"""The list of runs: narrowed, ordered, and many of them dealt with at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from webapp.pages.paging import page_of
from webapp.problems import Conflict
from webapp.runs import bulk, filters, selectors
from webapp.runs.models import Run, Status
from webapp.teams.current import team_of
from webapp.teams.models import Team
from webapp.teams.roles import may

PAGE = 25
UNSHOWN = ("recipe", "filled", "rewinds", "started", "baselines", "origin")
"""Columns of a run that a row shows nothing of."""


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """The team's runs; to a script only the rows."""
    team = team_of(request)
    asked = filters.read(request.GET)
    runs = selectors.runs_of(request.user, team)
    page, wrong = page_of(request, asked.of(runs).defer("version__inspection", *UNSHOWN), PAGE)
    asked.wrong.extend(wrong)
    _say_what_they_wait_for(page.object_list)
    context = {
        "page": page, "asked": asked, "team": team, "any": bool(page.object_list) or runs.exists(),
        "may_train": may(team.role, "train"), "may_delete": may(team.role, "delete"),
    }  # fmt: skip
    if request.htmx:
        return render(request, "runs/_list.html", context)
    context |= {
        "choices": _choices(team, asked), "orders": _orders(asked),
        "gone": selectors.deleted_of(request.user, team).count(),
    }  # fmt: skip
    return render(request, "runs/list.html", context)


@require_safe
@login_required
def deleted(request: HttpRequest) -> HttpResponse:
    """What was deleted within the last hour, to be brought back."""
    team = team_of(request)
    page, wrong = page_of(request, selectors.deleted_of(request.user, team), PAGE)
    return render(request, "runs/deleted.html", {"page": page, "wrong": wrong, "may_delete": may(team.role, "delete")})


@require_POST
@login_required
def act(request: HttpRequest) -> HttpResponse:
    """Does ``what`` to the runs named ``run``. A script gets what was done as a toast, a form the list that says it."""
    what = request.POST.get("what", "")
    if what not in bulk.ACTS:
        raise Http404("There is no such thing to do with runs.")
    try:
        runs, ended = bulk.act(user=request.user, what=what, ids=request.POST.getlist("run"))
    except Conflict as conflict:
        if request.htmx:
            return HttpResponse(str(conflict), status=409, content_type="text/plain; charset=utf-8")
        messages.error(request, str(conflict))
        return redirect("runs:list")
    said = bulk.sentence(what, runs, ended)
    if not request.htmx:
        messages.success(request, said)
        return redirect("runs:list")
    return render(request, "runs/_done.html", {"what": what, "runs": runs, "said": said})


def _say_what_they_wait_for(runs: list[Run]) -> None:
    queue = selectors.queue() if any(run.status == Status.QUEUED for run in runs) else {}
    for run in runs:
        run.waits_for = selectors.waiting_for(run, queue.get(run.id))


def _choices(team: Team, asked: filters.Asked) -> list[dict[str, Any]]:
    """For the form: what the list can be narrowed by."""
    return [
        {"name": name, "label": choice.label, "options": choice.options(team), "chosen": asked.chosen.get(name, "")}
        for name, choice in filters.CHOICES.items()
    ]


def _orders(asked: filters.Asked) -> list[tuple[str, str, bool]]:
    return [(order.name, order.label, order is asked.order) for order in filters.ORDERS.values()]
