"""Pages of models: the list, one model with its versions and its playground, what its figures hide."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from webapp.models import listing, playground, selectors, services
from webapp.models.card import FACTS, command, ranked
from webapp.models.download import zip_of
from webapp.models.models import Model, Version
from webapp.models.words import LICENCES, MOST
from webapp.pages.dialogs import ask, leave
from webapp.runs.figures import Figure, figures
from webapp.runs.summary import slug, unit_of
from webapp.teams.roles import may

GENERIC = "models/_predict_generic.html"


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
    context = facts(version, f"/api/v1/models/{model.id}", asking=f"?version={version.number}") | {
        "versions": compared(selectors.versions_of(model)),
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


def facts(version: Version, api: str, *, asking: str = "") -> dict[str, Any]:
    """What the model's page and the shared page both show.

    ``api``: the address below which the model is asked; ``asking``: the query that goes with it.
    """
    model, card = version.model, version.card
    task = card.get("recipe", {}).get("task") or {"kind": model.task}
    predicts = model.choice.predicts
    unit = unit_of(task)
    asked = {
        "kind": model.task, "labels": playground.labels(version), "input": playground.inputs(version), "unit": unit
    }  # fmt: skip
    return {
        "model": model, "version": version, "card": card, "kind": model.task, "task": model.choice,
        "unit": unit, "predicts": predicts, "generates": not predicts,
        "predict": f"{api}/predict{asking}" if predicts else None,
        "generate": None if predicts else f"{api}/generate{asking}", "labels": asked["labels"],
        "inputs": asked["input"], "asked": asked, "play": [f"models/_predict_{model.task}.html", GENERIC],
        "figures": figures(version.metrics), "command": command(model.task), "baselines": _baselines(version, card),
        "beaten": beaten_by(card, model.task),
        "licence": LICENCES.get(card.get("licence")), "more": _more(card),
    }  # fmt: skip


def beaten_by(card: dict[str, Any], kind: str) -> str | None:
    """The name of the baseline that has a lower loss than the model has, the lowest of all; None where none has."""
    loss = (card.get("evaluation") or {}).get("loss")
    name, strongest = next(iter(ranked(card.get("baselines", {}), kind)), (None, {}))
    lower = loss is not None and strongest.get("loss") is not None and strongest["loss"] < loss
    return name if lower else None


def _baselines(version: Version, card: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of loss and metrics: this model, then what costs nothing, the strongest first."""
    rows = [{"name": name, **body} for name, body in ranked(card.get("baselines", {}), version.model.task)]
    evaluation = card.get("evaluation")
    return ([{"name": "this model", "ours": True, **evaluation}] if evaluation else []) + rows


def _more(card: dict[str, Any]) -> list[tuple[str, str]]:
    """Fields of the card that this page does not know, where they are plain: (name, text)."""
    known = {*FACTS, *MOST, "tags"}
    rest = [(name, value) for name, value in card.items() if name not in known]
    return [(name, str(value)) for name, value in rest if isinstance(value, str | int | float)]


def compared(versions: list[Version]) -> dict[str, Any]:
    """Versions beside one another: the figures that they have, and a row of them for each version."""
    columns: dict[str, Figure] = {}
    rows = []
    for version in versions:
        own = {figure.name: figure for figure in figures(version.metrics)}
        columns = {**columns, **{name: figure for name, figure in own.items() if name not in columns}}
        rows.append((version, own))
    names = list(columns)[:3]
    return {
        "labels": [columns[name].label for name in names],
        "rows": [{"version": version, "figures": [own.get(name) for name in names]} for version, own in rows],
        "one_dataset": len({version.dataset_id for version in versions}) == 1,
    }


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
    version = selectors.version_of(model, request.GET.get("version"))
    disposition = f'attachment; filename="{slug(model.name, "model")}.zip"'
    headers = {"Content-Disposition": disposition}
    return StreamingHttpResponse(zip_of(version), content_type="application/zip", headers=headers)


def around(model: Model, title: str, **context: Any) -> dict[str, Any]:
    """What a question about a model stands in."""
    return {"model": model, "title": title, "back": url(model), "back_name": model.name, **context}


def url(model: Model) -> str:
    return reverse("models:detail", args=[model.id])
