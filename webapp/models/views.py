"""Pages of models: the list, one model with its versions and its playground, what its figures hide."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from webapp.models import listing, selectors, services, shown
from webapp.models.download import zipped
from webapp.models.models import Model
from webapp.pages.dialogs import ask, leave
from webapp.runs.figures import figures
from webapp.teams.roles import may


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "models/list.html", listing.shown(request))


@require_safe
@login_required
def detail(request: HttpRequest, model_id: str) -> HttpResponse:
    """A model as its newest version, or as the one that ``?version=`` names."""
    model = selectors.model_for(request.user, model_id)
    version = selectors.version_of(model, request.GET.get("version"))
    context = shown.facts(version, f"/api/v1/models/{model.id}", asking=f"?version={version.number}") | {
        "versions": shown.compared(selectors.versions_of(model)),
        "reports": selectors.reports(version),
        "may_share": may(model.role, "share"),
        "may_change": may(model.role, "publish"),
        "may_delete": may(model.role, "delete"),
        "may_train": may(model.role, "train"),
    }
    return render(request, "models/detail.html", context)


@require_safe
@login_required
def evaluation(request: HttpRequest, model_id: str) -> HttpResponse:
    """What the version's metrics hide, drawn from the reports that it took along."""
    model = selectors.model_for(request.user, model_id)
    version = selectors.version_of(model, request.GET.get("version"))
    if not (splits := selectors.reports(version)):
        raise Http404("There is no report on this version: reports are on a run's best checkpoint.")
    report = f"/api/v1/models/{model.id}/report?version={version.number}"
    boot = {"report": report, "splits": splits, "kind": model.task}
    context = {"model": model, "version": version, "task": model.choice, "figures": figures(version.metrics)}
    return render(request, "models/evaluation.html", context | {"boot": boot})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def delete(request: HttpRequest, model_id: str) -> HttpResponse:
    model = selectors.model_for(request.user, model_id, right="delete")
    if request.method == "POST":
        services.delete(user=request.user, model=model)
        messages.success(request, f"“{model.name}” is deleted.")
        return leave(request, reverse("models:list"))
    links = selectors.shares_of(request.user, model).count()
    context = around(model, "Delete", links=links, versions=model.versions.count())
    return ask(request, "models/_delete.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def delete_version(request: HttpRequest, model_id: str, number: int) -> HttpResponse:
    """Deletes one version of several; the only one stays (409)."""
    model = selectors.model_for(request.user, model_id, right="delete")
    version = selectors.version_of(model, number)
    others = [other for other in selectors.versions_of(model) if other.number != number]
    if others and request.method == "POST":
        services.delete_version(user=request.user, version=version)
        messages.success(request, f"{version.name} is deleted.")
        return leave(request, url(model))
    links = selectors.shares_of(request.user, model)
    context = around(
        model, "Delete", version=version, next=others[0] if others else None,
        links=links.filter(version=version).count(), following=links.filter(version=None).count(),
    )  # fmt: skip
    return ask(request, "models/_delete_version.html", context, status=200 if others else 409)


@require_safe
@login_required
def download(request: HttpRequest, model_id: str) -> HttpResponse:
    model = selectors.model_for(request.user, model_id)
    return zipped(selectors.version_of(model, request.GET.get("version")))


def around(model: Model, title: str, **context: Any) -> dict[str, Any]:
    """What a question about a model stands in."""
    return {"model": model, "title": title, "back": url(model), "back_name": model.name, **context}


def url(model: Model) -> str:
    return reverse("models:detail", args=[model.id])
