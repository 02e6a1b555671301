"""Pages of datasets: the list with its drop zone, pasted text, one dataset.

Files come by tus, beside Django; what is on its way stands on the list and can be gone on with.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from webapp.datasets import selectors, services
from webapp.datasets.forms import NameForm, PasteForm, RolesForm, SyntheticForm
from webapp.datasets.made import KINDS
from webapp.datasets.models import Dataset, Status
from webapp.datasets.roles import columns as columns_of
from webapp.datasets.text import characters, pieces
from webapp.datasets.words import in_words, tasks_of
from webapp.problems import Refused
from webapp.teams.current import team_of
from webapp.teams.roles import may

PAGE = 50
CELL = 200  # characters of a cell that are shown
LINE_ENDINGS = {
    "lf": "LF (Unix)", "crlf": "CR LF (Windows), read as LF", "cr": "CR (old Mac), read as LF",
    "mixed": "mixed, read as LF", "none": "none",
}  # fmt: skip


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    team = team_of(request)
    datasets = selectors.datasets_of(request.user, team)
    query = request.GET.get("q", "").strip()
    if query:
        datasets = datasets.filter(name__icontains=query)
    context = {
        "page": Paginator(datasets, PAGE).get_page(request.GET.get("page")),
        "query": query,
        "uploads": selectors.uploads_of(request.user, team),
        "max_bytes": settings.MAX_UPLOAD_BYTES,
        "synthetic_choices": list(KINDS.values()),
    }
    return render(request, "datasets/list.html", context)


@require_safe
@login_required
def row(request: HttpRequest, dataset_id: str) -> HttpResponse:
    """One row of the list; it asks for itself again while the file is read."""
    return render(request, "datasets/_row.html", {"dataset": selectors.dataset_for(request.user, dataset_id)})


@require_safe
@login_required
def detail(request: HttpRequest, dataset_id: str) -> HttpResponse:
    dataset = selectors.dataset_for(request.user, dataset_id)
    template = "datasets/_body.html" if request.htmx else "datasets/detail.html"
    return render(request, template, _facts(request, dataset))


def _facts(request: HttpRequest, dataset: Dataset, roles: RolesForm | None = None) -> dict[str, object]:
    version = dataset.version
    inspection = version.inspection
    preview = inspection.get("preview", {})
    columns = columns_of(version)
    roles = roles or RolesForm(columns)
    return {
        "is_table": bool(columns),
        "columns": [{**column, "field": roles[f"role-{number}"]} for number, column in enumerate(columns)],
        "roles_form": roles,
        "roles_url": reverse("datasets:columns", args=[dataset.id]),
        "rows": [[_cell(row.get(column["name"])) for column in columns] for row in preview.get("rows", [])],
        "tasks": tasks_of(dataset) if version.status == Status.READY else [],
        "data_words": in_words(version),
        "synthetic": dataset.synthetic,
        "dataset": dataset,
        "version": version,
        "inspection": inspection,
        "statistics": inspection.get("statistics", {}),
        "line_endings": LINE_ENDINGS.get(inspection.get("line_endings", ""), ""),
        "vocabulary": characters(inspection.get("statistics", {}).get("vocabulary", [])),
        "previews": [(part, pieces(preview[part])) for part in ("start", "middle", "end") if preview.get(part)],
        "runs": version.runs.order_by("-created_at")[:10],
        "may_change": may(dataset.role, "upload"),
        "may_delete": may(dataset.role, "delete"),
        "may_train": may(dataset.role, "train"),
        "form": NameForm(initial={"name": dataset.name}),
    }


def _cell(value: Any) -> str:
    """A cell of the first rows, as a text that is not too long."""
    if isinstance(value, list):
        value = " ".join(map(str, value))
    text = "" if value is None else str(value)
    return text if len(text) <= CELL else f"{text[:CELL]}…"


@require_POST
@login_required
def columns(request: HttpRequest, dataset_id: str) -> HttpResponse:
    """Says what the columns are for."""
    dataset = selectors.dataset_for(request.user, dataset_id, right="upload")
    form = RolesForm(columns_of(dataset.version), request.POST)
    if form.is_valid():
        try:
            services.confirm_roles(user=request.user, dataset=dataset, roles=form.roles())
        except Refused as refused:
            form.blame(refused)
    if form.errors:
        template = "datasets/_body.html" if request.htmx else "datasets/detail.html"
        return render(request, template, _facts(request, dataset, form), status=422)
    if request.htmx:
        return render(request, "datasets/_body.html", _facts(request, dataset))
    return redirect("datasets:detail", dataset.id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def synthetic(request: HttpRequest) -> HttpResponse:
    """Data made here: a page to choose from, and what its buttons post to."""
    form = SyntheticForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            team = team_of(request, right="upload")
            dataset = services.create_synthetic(
                user=request.user, team=team, kind=given["name"], count=given["count"],
                seed=1 if given["seed"] is None else given["seed"],
            )  # fmt: skip
        except Refused as refused:
            form.blame(refused)
        else:
            return redirect("datasets:detail", dataset.id)
    context = {"form": form, "choices": list(KINDS.values())}
    return render(request, "datasets/synthetic.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def paste(request: HttpRequest) -> HttpResponse:
    form = PasteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            team = team_of(request, right="upload")
            dataset = services.create_from_text(user=request.user, team=team, **form.cleaned_data)
        except Refused as refused:
            form.blame(refused)
        else:
            return redirect("datasets:detail", dataset.id)
    return render(request, "datasets/paste.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@login_required
def rename(request: HttpRequest, dataset_id: str) -> HttpResponse:
    dataset = selectors.dataset_for(request.user, dataset_id, right="upload")
    form = NameForm(request.POST)
    if form.is_valid():
        try:
            services.rename(user=request.user, dataset=dataset, name=form.cleaned_data["name"])
        except Refused as refused:
            form.blame(refused)
    for errors in form.errors.values():
        messages.error(request, f"The name stays as it was. {' '.join(errors)}")
    return redirect("datasets:detail", dataset.id)


@require_POST
@login_required
def delete(request: HttpRequest, dataset_id: str) -> HttpResponse:
    dataset = selectors.dataset_for(request.user, dataset_id, right="delete")
    try:
        services.delete(user=request.user, dataset=dataset)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("datasets:detail", dataset_id)
    messages.success(request, f"“{dataset.name}” is deleted.")
    return redirect("datasets:list")


@require_POST
@login_required
def discard(request: HttpRequest, upload_id: str) -> HttpResponse:
    upload = selectors.upload_for(request.user, upload_id, right="upload")
    try:
        services.cancel_upload(user=request.user, upload=upload)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("datasets:list")
