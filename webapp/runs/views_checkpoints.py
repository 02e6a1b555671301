"""A run's checkpoints as a page, each as a download, and the question how far a run shall go on."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rnncore.errors import RecipeError
from rnncore.recipe import Recipe
from webapp.models.download import zip_of
from webapp.models.folders import LEFT
from webapp.pages.dialogs import ask, leave
from webapp.problems import Refused
from webapp.runs import selectors, services
from webapp.runs.checkpoints import rows
from webapp.runs.forms import LongerForm
from webapp.runs.models import Run, Status
from webapp.runs.selectors import Checkpoint
from webapp.runs.summary import loss_unit, slug
from webapp.teams.roles import may


@require_safe
@login_required
def index(request: HttpRequest, run_id: str) -> HttpResponse:
    """The list; to a script only its rows, which it asks for while the run trains."""
    run = selectors.run_for(request.user, run_id)
    found = rows(run)
    context = {
        "run": run, "rows": found, "loss_unit": loss_unit(run), "total": sum(row.bytes for row in found),
        "active": run.under_way, "may_train": may(run.role, "train"),
        "may_publish": may(run.role, "publish"), "may_go_on": run.status in (Status.FINISHED, Status.STOPPED),
    }  # fmt: skip
    return render(request, "runs/_checkpoints.html" if request.htmx else "runs/checkpoints.html", context)


@require_safe
@login_required
def download(request: HttpRequest, run_id: str, step: int) -> HttpResponse:
    """A checkpoint as a zip that ``rnncore generate``, ``predict`` and ``evaluate`` run once it is unpacked."""
    run = selectors.run_for(request.user, run_id)
    return zipped(run, _at(run, step))


def zipped(run: Run, point: Checkpoint) -> StreamingHttpResponse:
    """The files of a checkpoint that make a model."""
    files = sorted(path for path in point.folder.iterdir() if path.is_file() and path.name not in LEFT)
    return zip_of(f"{slug(run.name)}-step-{point.step}", files)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def go_on(request: HttpRequest, run_id: str) -> HttpResponse:
    """Asks for how many steps more, and starts the run that goes on."""
    run = selectors.run_for(request.user, run_id, right="train")
    try:
        point = services.to_go_on_from(run, request.POST.get("checkpoint") or request.GET.get("checkpoint") or "last")
    except Refused as refused:
        return ask(request, "runs/_continue.html", _around(run, None, refused=str(refused)), status=refused.status)
    form = LongerForm(run, point, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            new = services.go_on(user=request.user, run=run, recipe=form.recipe, checkpoint=point.step)
            return leave(request, reverse("runs:detail", args=[new.id]))
        except RecipeError as error:
            form.add_error("more", "; ".join(f"{message[0].upper()}{message[1:]}." for _, message in error.errors))
        except Refused as refused:
            form.blame(refused)
    context = _around(run, point, form=form, **_cost(run, point, form.total if form.is_bound else form.offered_total))
    return ask(request, "runs/_continue.html", context, status=422 if form.errors else 200)


@require_safe
@login_required
def estimate(request: HttpRequest, run_id: str) -> HttpResponse:
    """What so many steps more would take, while one types."""
    run = selectors.run_for(request.user, run_id, right="train")
    try:
        point = services.to_go_on_from(run, request.GET.get("checkpoint") or "last")
    except Refused as refused:
        return render(request, "runs/_continue_estimate.html", {"total": None, "wrong": str(refused)})
    form = LongerForm(run, point, request.GET)
    form.is_valid()
    return render(request, "runs/_continue_estimate.html", {"run": run, "point": point} | _cost(run, point, form.total))


def _around(run: Run, point: Checkpoint | None, **more: Any) -> dict[str, Any]:
    back = reverse("runs:detail", args=[run.id])
    return {"run": run, "point": point, "title": "Train for more steps", "back": back, "back_name": run.name, **more}


def _cost(run: Run, point: Checkpoint, total: int | None) -> dict[str, Any]:
    """The step it would go to and the seconds from here, or why not."""
    if total is None:
        return {"total": None, "wrong": "How many steps? A whole number is wanted."}
    try:
        _, _, plan = services.longer_plan(run, Recipe.parse(LongerForm.recipe_of(run, total)), point)
    except RecipeError as error:
        return {"total": None, "wrong": "; ".join(f"{message[0].upper()}{message[1:]}." for _, message in error.errors)}
    seconds = plan.seconds * (1 - point.step / plan.steps)
    return {"total": total, "seconds": seconds, "epochs": total / plan.steps_per_epoch}


def _at(run: Run, step: int) -> Checkpoint:
    for point in selectors.checkpoints(run):
        if point.step == step:
            return point
    raise Http404("There is no such checkpoint, or it was thinned out by now.")
