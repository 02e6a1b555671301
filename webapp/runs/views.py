"""Pages of one run, and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from webapp.models import selectors as published
from webapp.models import services as models
from webapp.pages.dialogs import ask, leave
from webapp.problems import Conflict, Refused
from webapp.runs import selectors, services
from webapp.runs.figures import as_json, figures
from webapp.runs.forms import NameForm, PublishForm
from webapp.runs.models import Run, Status
from webapp.runs.summary import command, loss_unit, optimum, summary, unit
from webapp.teams.roles import may

ACTS = {"stop": services.stop, "pause": services.pause, "resume": services.resume, "front": services.front}


@require_safe
@login_required
def detail(request: HttpRequest, run_id: str) -> HttpResponse:
    run = selectors.run_for(request.user, run_id)
    context = {
        "boot": {
            "id": run.id,
            "name": run.name,
            "status": run.status,
            "unit": unit(run),
            "steps": run.steps,
            "recipe": run.filled or run.recipe,
            "task": run.kind,
            "shape": run.task.shape,
            "headline": run.task.metric,
            "loss_unit": loss_unit(run),
            "metrics": as_json(),
            "optimum": optimum(run),
            "reports": selectors.reports(run),
            "urls": {name: reverse(f"runs:{name}", args=[run.id]) for name in ("history", "head", "log", "report")},
        },
        "task": run.task,
        "kind": run.kind,
        "unit": unit(run),
        "loss_unit": loss_unit(run),
        "optimum": optimum(run),
        "command": command(run),
        "summary": summary(run),
        "published": published.published_from(run),
    }
    return render(request, "runs/detail.html", _head(run) | context)


@require_safe
@login_required
def evaluation(request: HttpRequest, run_id: str) -> HttpResponse:
    """What the metrics of the newest evaluation hide, drawn from its reports."""
    run = selectors.run_for(request.user, run_id)
    boot = {"report": reverse("runs:report", args=[run.id]), "splits": selectors.reports(run), "kind": run.kind}
    best = figures((run.best or {}).get("metrics", {}))
    return render(request, "runs/evaluation.html", {"run": run, "task": run.task, "figures": best, "boot": boot})


@require_safe
@login_required
def head(request: HttpRequest, run_id: str) -> HttpResponse:
    """Name, status and buttons of a run, for the page that is open on it."""
    return render(request, "runs/_head.html", _head(selectors.run_for(request.user, run_id)))


def _head(run: Run) -> dict[str, object]:
    place = selectors.queue().get(run.id) if run.status == Status.QUEUED else None
    return {
        "run": run,
        "place": place,
        "waits_for": selectors.waiting_for(run, place),
        "active": run.under_way,
        "may_train": may(run.role, "train"),
        "may_delete": may(run.role, "delete"),
        "may_publish": may(run.role, "publish"),
    }


@require_POST
@login_required
def act(request: HttpRequest, run_id: str, what: str) -> HttpResponse:
    """Stops, pauses, resumes a run or puts it first in the queue; answers with its head."""
    run = selectors.run_for(request.user, run_id, right="train")
    try:
        ACTS[what](user=request.user, run=run)
    except Conflict as conflict:
        if request.htmx:
            return HttpResponse(str(conflict), status=409, content_type="text/plain; charset=utf-8")
        messages.error(request, str(conflict))
    if request.htmx:
        return render(request, "runs/_head.html", _head(run))
    return redirect("runs:detail", run.id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def rename(request: HttpRequest, run_id: str) -> HttpResponse:
    run = selectors.run_for(request.user, run_id, right="train")
    form = NameForm(request.POST or None, initial={"name": run.name})

    def save() -> str:
        services.rename(user=request.user, run=run, name=form.cleaned_data["name"])
        return _url(run)

    return _dialog(request, run, "Rename", "runs/_rename.html", form, save)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def publish(request: HttpRequest, run_id: str) -> HttpResponse:
    run = selectors.run_for(request.user, run_id, right="publish")
    checkpoints = selectors.checkpoints(run)
    known = list(published.models_for(request.user, run))
    form = PublishForm(
        checkpoints,
        known,
        request.POST or None,
        initial={"name": run.name, "checkpoint": request.GET.get("checkpoint", "best")},
    )

    def save() -> str:
        return reverse("models:detail", args=[models.publish(user=request.user, run=run, **form.given()).id])

    return _dialog(request, run, "Publish", "runs/_publish.html", form, save, checkpoints=checkpoints)


def _dialog(
    request: HttpRequest, run: Run, title: str, template: str, form: NameForm, save: Callable[[], str], **context
) -> HttpResponse:
    """Asks with ``form``; once it is filled in right, saves and goes where ``save`` says."""
    if request.method == "POST" and form.is_valid():
        try:
            return leave(request, save())
        except Refused as refused:
            form.blame(refused)
    context |= {"run": run, "form": form, "title": title, "back": _url(run), "back_name": run.name}
    return ask(request, template, context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def delete(request: HttpRequest, run_id: str) -> HttpResponse:
    run = selectors.run_for(request.user, run_id, right="delete")
    if request.method == "POST":
        services.delete(user=request.user, run=run)
        messages.success(request, f"“{run.name}” is deleted.")
        return leave(request, reverse("runs:list"))
    context = {
        "run": run, "title": "Delete", "back": _url(run), "back_name": run.name,
        "checkpoints": len(selectors.checkpoints(run)), "models": run.published.values("model").distinct().count(),
    }  # fmt: skip
    return ask(request, "runs/_delete.html", context)


def _url(run: Run) -> str:
    return reverse("runs:detail", args=[run.id])
