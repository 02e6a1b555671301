"""The pages of one dataset: what is in it, its lines, its versions, what it is for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from rnncore.data.context import around
from rnncore.errors import DataError
from webapp.datasets import blobs, download, selectors, services
from webapp.datasets.checks import problems_of
from webapp.datasets.forms import NameForm, RolesForm
from webapp.datasets.made import LICENCES
from webapp.datasets.models import Dataset, Status, Version
from webapp.datasets.roles import ROLES
from webapp.datasets.roles import columns as columns_of
from webapp.datasets.text import MARK, characters, pieces
from webapp.datasets.words import changes, in_words, tasks_of
from webapp.problems import Refused
from webapp.teams.roles import may

CELL = 200  # characters of a cell that are shown
NUMBERS = ("integer", "number")  # kinds of columns whose cells stand under one another by their last digit
AROUND = 12  # lines that are shown before a line and after it
LAST_LINE = 10**15
RUNS = 10  # that a page lists
LINE_ENDINGS = {
    "lf": "LF (Unix)", "crlf": "CR LF (Windows), read as LF", "cr": "CR (old Mac), read as LF",
    "mixed": "mixed, read as LF", "none": "none",
}  # fmt: skip


@require_safe
@login_required
def detail(request: HttpRequest, dataset_id: str) -> HttpResponse:
    """A dataset as its newest version, or as the one that ``?version=`` names."""
    return _shown(request, _asked(request, dataset_id))


@require_safe
@login_required
def lines(request: HttpRequest, dataset_id: str) -> HttpResponse:
    """The lines around ``?line=``, read from where they stand in the file."""
    dataset = _asked(request, dataset_id)
    version = dataset.version
    if version.status != Status.READY or version.format == "parquet":
        raise Http404("This file has no lines to look at.")
    line = _whole(request, "line") or 1
    if line > LAST_LINE:
        raise Http404("No file has so many lines.")
    first = max(1, line - AROUND)
    context: dict[str, Any] = {"dataset": dataset, "version": version, "line": line, "first": first}
    try:
        found = around(blobs.path_of(version.sha256), first, line + AROUND, version.inspection.get("index"))
    except DataError as error:
        message = str(error)
        context |= {"error": f"{message[0].upper()}{message[1:]}. {error.hint}"}
    else:
        context |= {
            "lines": [{"line": each, "pieces": pieces(each.text)} for each in found.lines],
            "before": max(1, line - 2 * AROUND - 1) if first > 1 else None,
            "after": line + 2 * AROUND + 1 if found.more else None,
        }  # fmt: skip
    return render(request, "datasets/lines.html", context)


@require_safe
@login_required
def file(request: HttpRequest, dataset_id: str) -> HttpResponseBase:
    """The file as it was uploaded."""
    return download.answer(_asked(request, dataset_id).version)


@require_POST
@login_required
def columns(request: HttpRequest, dataset_id: str) -> HttpResponse:
    """Says what the columns are for."""
    dataset = _asked(request, dataset_id, right="upload")
    form = RolesForm(columns_of(dataset.version), request.POST)
    if form.is_valid():
        try:
            services.confirm_roles(user=request.user, dataset=dataset, roles=form.roles())
        except Refused as refused:
            form.blame(refused)
    if form.errors:
        return _shown(request, dataset, form)
    if request.htmx:
        return _shown(request, _asked(request, dataset_id))
    return redirect(_url(dataset))


@require_POST
@login_required
def task(request: HttpRequest, dataset_id: str) -> HttpResponse:
    """Says what the dataset is to be trained for."""
    dataset = _asked(request, dataset_id, right="upload")
    try:
        services.choose_task(user=request.user, dataset=dataset, task=request.POST.get("task", ""))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(_url(dataset))


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
    """Deletes the dataset. One that runs need stays: the page says which (409)."""
    dataset = selectors.dataset_for(request.user, dataset_id, right="delete")
    try:
        services.delete(user=request.user, dataset=dataset)
    except Refused as refused:
        return _shown(request, dataset, refused=refused)
    messages.success(request, f"“{dataset.name}” is deleted.")
    return redirect("datasets:list")


@require_POST
@login_required
def delete_version(request: HttpRequest, dataset_id: str, number: int) -> HttpResponse:
    """Deletes one version. One that runs need stays: the page says which (409)."""
    dataset = selectors.dataset_for(request.user, dataset_id, right="delete", number=number)
    try:
        services.delete_version(user=request.user, version=dataset.version)
    except Refused as refused:
        return _shown(request, dataset, refused=refused)
    messages.success(request, f"Version {number} is deleted.")
    return redirect("datasets:detail", dataset.id)


def _asked(request: HttpRequest, dataset_id: str, *, right: str = "view") -> Dataset:
    return selectors.dataset_for(request.user, dataset_id, right=right, number=_whole(request, "version"))


def _whole(request: HttpRequest, name: str) -> int | None:
    """A number of the address. Raises Http404 where it is none."""
    text = request.GET.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Http404(f"{name} is a whole number.")
    return int(text) if text else None


def _url(dataset: Dataset) -> str:
    """The page of the version that was looked at."""
    page = reverse("datasets:detail", args=[dataset.id])
    return f"{page}?version={dataset.pinned}" if dataset.pinned else page


def _shown(
    request: HttpRequest, dataset: Dataset, roles: RolesForm | None = None, refused: Refused | None = None
) -> HttpResponse:
    """The page, or to a script its body."""
    template = "datasets/_body.html" if request.htmx else "datasets/detail.html"
    status = refused.status if refused else 422 if roles and roles.errors else 200
    context = _facts(request, dataset, roles) | {"refused": refused and str(refused)}
    return render(request, template, context, status=status)


def _facts(request: HttpRequest, dataset: Dataset, roles: RolesForm | None) -> dict[str, Any]:
    version = dataset.version
    inspection, statistics = version.inspection, version.inspection.get("statistics", {})
    columns = columns_of(version)
    roles = roles or RolesForm(columns)
    versions = selectors.versions_of(dataset)
    runs = selectors.runs_seen(request.user, version)
    return {
        "is_table": bool(columns),
        "columns": [
            {
                **column,
                "field": roles[f"role-{number}"],
                "is_number": column["kind"] in NUMBERS,
                "serves": column["role"] and ROLES[column["role"]].label,
            }
            for number, column in enumerate(columns)
        ],
        "role_words": [(spec.label, spec.help) for spec in ROLES.values()],
        "roles_form": roles,
        "rows": [
            [(column["kind"] in NUMBERS, _cell(row.get(column["name"]))) for column in columns]
            for row in _preview(version).get("rows", [])
        ],
        "tasks": tasks_of(dataset) if version.status == Status.READY else [],
        "data_words": in_words(version),
        "synthetic": version.synthetic,
        "licence": LICENCES.get(version.example),
        "twin": selectors.twin_of(version) if version.status == Status.READY else None,
        "dataset": dataset,
        "version": version,
        "versions": changes(versions),
        "newest": next((each for each in versions if each.status != Status.FAILED), versions[0]),
        "failed_since": next((e for e in versions if e.status == Status.FAILED and e.number > version.number), None),
        "query": f"?version={version.number}",
        "inspection": inspection,
        "problems": problems_of(version),
        "has_lines": version.format != "parquet",
        "statistics": statistics,
        "line_endings": LINE_ENDINGS.get(inspection.get("line_endings", ""), ""),
        "vocabulary": characters(statistics.get("vocabulary", [])),
        "previews": _previews(version),
        "runs": runs[:RUNS],
        "more_runs": max(0, runs.count() - RUNS),
        "needed": selectors.runs_on(dataset.versions.all()).count(),
        "uploads": selectors.uploads_of(request.user, dataset.team, dataset),
        "max_bytes": settings.MAX_UPLOAD_BYTES,
        "may_change": may(dataset.role, "upload"),
        "may_delete": may(dataset.role, "delete"),
        "may_train": may(dataset.role, "train"),
        "form": NameForm(initial={"name": dataset.name}),
    }


def _preview(version: Version) -> dict[str, Any]:
    return version.inspection.get("preview", {})


def _previews(version: Version) -> list[tuple[str, list]]:
    """The parts of a text that are shown, cut where a character is odd."""
    found = [
        (part, pieces(_preview(version)[part])) for part in ("start", "middle", "end") if _preview(version).get(part)
    ]
    if found and version.inspection.get("byte_order_mark"):
        found[0][1].insert(0, MARK)
    return found


def _cell(value: Any) -> list:
    """A cell of the first rows, as a text that is not too long, cut where a character is odd."""
    if isinstance(value, list):
        value = " ".join(map(str, value))
    text = "" if value is None else str(value)
    return pieces(text if len(text) <= CELL else f"{text[:CELL]}…")
