"""The page on which runs stand beside one another."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from webapp.problems import Invalid
from webapp.runs import compare, selectors
from webapp.runs.models import Run
from webapp.teams.current import team_of

OFFERED = 30
"""Runs to add, the newest."""


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """``?runs=ID,ID…``: two to eight runs. With fewer the page asks for more. To a script only where they stand now."""
    text = ",".join(request.GET.getlist("runs"))
    try:
        if request.htmx:
            return render(request, "runs/_compared.html", _standing(compare.still(request.user, text)))
        runs = compare.asked(request.user, text)
    except Invalid as refused:
        return render(request, "runs/compare.html", {"refused": str(refused), "runs": []}, status=422)
    differ, same = compare.recipes(runs) if runs else ([], [])
    offered = selectors.runs_of(request.user, team_of(request)).select_related(None).only("id", "name")
    context = {
        **_standing(runs),
        "enough": len(runs) >= compare.FEWEST,
        "full": len(runs) >= compare.MOST,
        "ids": ",".join(run.id for run in runs),
        "offered": [run for run in offered[:OFFERED] if run not in runs],
        "differ": differ,
        "same": same,
        "warnings": compare.warnings(runs) if runs else [],
        "boot": {"runs": [_boot(run) for run in runs], "teams": sorted({run.team_id for run in runs})},
    }
    return render(request, "runs/compare.html", context)


def _standing(runs: list[Run]) -> dict[str, object]:
    """What changes while they train."""
    return {"runs": [_column(runs, run) for run in runs], "figures": compare.figures(runs) if runs else []}


def _column(runs: list[Run], run: Run) -> dict[str, object]:
    """A run with the address of the page without it."""
    return {"run": run, "without": ",".join(other.id for other in runs if other != run)}


def _boot(run: Run) -> dict[str, object]:
    """What a script needs to draw a run."""
    return {
        "id": run.id, "name": run.name, "task": run.kind, "steps": run.steps,
        "history": reverse("runs:history", args=[run.id]),
    }  # fmt: skip
