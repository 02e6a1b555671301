"""Pages of models: the list, one model with its playground, its card, its links."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from webapp.models import playground, selectors, services
from webapp.models.card import command, ranked
from webapp.models.download import zip_of
from webapp.models.forms import ModelForm, ShareForm
from webapp.models.models import Model
from webapp.pages.dialogs import ask, leave
from webapp.problems import Refused
from webapp.runs.figures import figures
from webapp.runs.summary import slug, unit_of
from webapp.teams.roles import may

PAGE = 50
GENERIC = "models/_predict_generic.html"


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    models = selectors.models_of(request.user)
    query = request.GET.get("q", "").strip()
    if query:
        models = models.filter(Q(name__icontains=query) | Q(dataset__name__icontains=query))
    models = models.annotate(links=Count("shares", filter=Q(shares__revoked_at=None), distinct=True))
    page = Paginator(models, PAGE).get_page(request.GET.get("page"))
    return render(request, "models/list.html", {"page": page, "query": query})


@require_safe
@login_required
def detail(request: HttpRequest, model_id: str) -> HttpResponse:
    model = selectors.model_for(request.user, model_id)
    context = facts(model, api=f"/api/v1/models/{model.id}") | {
        "report_url": f"/api/v1/models/{model.id}/report",
        "report": next((selectors.report_of(model, split) for split in selectors.reports(model)), None),
        "reports": selectors.reports(model),
        "may_share": may(model.role, "share"),
        "may_change": may(model.role, "publish"),
        "may_delete": may(model.role, "delete"),
        "may_train": may(model.role, "train"),
        "baselines": _baselines(model),
    }
    return render(request, "models/detail.html", context)


@require_safe
@login_required
def evaluation(request: HttpRequest, model_id: str) -> HttpResponse:
    """What the model's metrics hide, drawn from the reports that it took along."""
    model = selectors.model_for(request.user, model_id)
    boot = {"report": f"/api/v1/models/{model.id}/report", "splits": selectors.reports(model), "kind": model.task}
    context = {"model": model, "task": model.choice, "figures": figures(model.metrics), "boot": boot}
    return render(request, "models/evaluation.html", context)


def facts(model: Model, api: str) -> dict[str, Any]:
    """What the playground's page and the shared page both show. ``api``: the address below which the model is asked."""
    task = model.card.get("recipe", {}).get("task") or {"kind": model.task}
    predicts = model.choice.predicts
    asked = {"kind": model.task, "labels": playground.labels(model), "input": playground.inputs(model)}
    return {
        "model": model, "card": model.card, "kind": model.task, "task": model.choice, "unit": unit_of(task),
        "predicts": predicts, "generates": not predicts, "predict": f"{api}/predict" if predicts else None,
        "generate": None if predicts else f"{api}/generate", "labels": asked["labels"], "inputs": asked["input"],
        "asked": asked, "play": [f"models/_predict_{model.task}.html", GENERIC], "figures": figures(model.metrics),
        "command": command(model.task),
    }  # fmt: skip


def _baselines(model: Model) -> list[dict[str, Any]]:
    """Rows of loss and metrics: this model, then what costs nothing, the strongest first."""
    rows = [{"name": name, **body} for name, body in ranked(model.card.get("baselines", {}), model.task)]
    evaluation = model.card.get("evaluation")
    return ([{"name": "this model", "ours": True, **evaluation}] if evaluation else []) + rows


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: HttpRequest, model_id: str) -> HttpResponse:
    """Name and description."""
    model = selectors.model_for(request.user, model_id, right="publish")
    initial = {"name": model.name, "description": model.card.get("description", "")}
    form = ModelForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        name, card = form.cleaned_data["name"], {"description": form.cleaned_data["description"]}
        try:
            services.update(user=request.user, model=model, name=name, card=card)
            return leave(request, _url(model))
        except Refused as refused:
            form.blame(refused)
    return ask(request, "models/_edit.html", _around(model, "Edit", form=form), status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def delete(request: HttpRequest, model_id: str) -> HttpResponse:
    model = selectors.model_for(request.user, model_id, right="delete")
    if request.method == "POST":
        services.delete(user=request.user, model=model)
        messages.success(request, f"“{model.name}” is deleted.")
        return leave(request, reverse("models:list"))
    links = selectors.shares_of(request.user, model).count()
    return ask(request, "models/_delete.html", _around(model, "Delete", links=links))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def shares(request: HttpRequest, model_id: str) -> HttpResponse:
    """The links to a model; a POST makes one, whose address is shown this once."""
    model = selectors.model_for(request.user, model_id, right="share")
    form = ShareForm(request.POST or None)
    url = None
    if request.method == "POST" and form.is_valid():
        _, path = services.share(user=request.user, model=model, expires_at=form.expires_at())
        url = f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)
    return _links(request, model, form=form, url=url)


@require_POST
@login_required
def revoke(request: HttpRequest, model_id: str, share_id: str) -> HttpResponse:
    share = selectors.share_for(request.user, share_id)
    services.revoke(user=request.user, share=share)
    return _links(request, selectors.model_for(request.user, model_id), form=ShareForm(), revoked=True)


def _links(request: HttpRequest, model: Model, **context: Any) -> HttpResponse:
    context |= {"shares": selectors.shares_of(request.user, model), "now": timezone.now()}
    status = 422 if context["form"].errors else 200
    return ask(request, "models/_shares.html", _around(model, "Share", **context), status=status)


@require_safe
@login_required
def download(request: HttpRequest, model_id: str) -> HttpResponse:
    model = selectors.model_for(request.user, model_id)
    disposition = f'attachment; filename="{slug(model.name, "model")}.zip"'
    headers = {"Content-Disposition": disposition}
    return StreamingHttpResponse(zip_of(model), content_type="application/zip", headers=headers)


def _around(model: Model, title: str, **context: Any) -> dict[str, Any]:
    return {"model": model, "title": title, "back": _url(model), "back_name": model.name, **context}


def _url(model: Model) -> str:
    return reverse("models:detail", args=[model.id])
