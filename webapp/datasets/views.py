"""The list of datasets with its drop zone, and what makes one: pasted text, made data, examples.

Files come by tus, beside Django; what is on its way stands on the list and can be gone on with.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from webapp.datasets import selectors, services
from webapp.datasets.forms import PasteForm, SyntheticForm
from webapp.datasets.made import EXAMPLES, KINDS
from webapp.datasets.models import Dataset
from webapp.datasets.pasted import guess
from webapp.pages.paging import no_order, page_of
from webapp.problems import Refused
from webapp.teams.current import team_of

PAGE = 50


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """The team's datasets, narrowed by ``?q=`` (in the name) and ``?kind=``, in the order ``?sort=``."""
    team = team_of(request)
    asked = {name: request.GET.get(name, "").replace("\0", "").strip() for name in ("q", "kind", "sort")}
    kind = asked["kind"] if asked["kind"] in selectors.KINDS else ""
    sort = asked["sort"] if asked["sort"] in selectors.SORTS else "newest"
    datasets = selectors.listed(request.user, team, query=asked["q"], kind=kind, sort=sort)
    page, wrong = page_of(request, datasets, PAGE)
    if asked["kind"] != kind:
        wrong.append(("kind", f"there is no kind {asked['kind']!r:.60}; there are {', '.join(selectors.KINDS)}"))
    if asked["sort"] not in ("", sort):
        wrong.append(no_order(asked["sort"], selectors.SORTS))
    context = {
        "page": page, "wrong": wrong,
        "query": asked["q"], "kind": kind, "sort": sort, "narrowed": bool(asked["q"] or kind),
        "kinds": [(name, label) for name, (label, _) in selectors.KINDS.items()],
        "sorts": [(name, label) for name, (label, _) in selectors.SORTS.items()],
        "uploads": selectors.uploads_of(request.user, team),
        "max_bytes": settings.MAX_UPLOAD_BYTES,
        "synthetic_choices": list(KINDS.values()),
        "examples": list(EXAMPLES.values()),
    }  # fmt: skip
    return render(request, "datasets/list.html", context)


@require_safe
@login_required
def row(request: HttpRequest, dataset_id: str) -> HttpResponse:
    """One row of the list; it asks for itself again while the file is read."""
    return render(request, "datasets/_row.html", {"dataset": selectors.dataset_for(request.user, dataset_id)})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def synthetic(request: HttpRequest) -> HttpResponse:
    """Data made here: a page to choose from, and what its buttons post to."""
    team = team_of(request, right="upload")
    form = SyntheticForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            dataset = services.create_synthetic(
                user=request.user, team=team, kind=given["name"], count=given["count"],
                seed=1 if given["seed"] is None else given["seed"],
            )  # fmt: skip
        except Refused as refused:
            form.blame(refused)
        else:
            return redirect("datasets:detail", dataset.id)
    context = {"form": form, "choices": list(KINDS.values()), "examples": list(EXAMPLES.values())}
    return render(request, "datasets/synthetic.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def example(request: HttpRequest) -> HttpResponse:
    """A text that lies on the machine, in one click."""
    try:
        team = team_of(request, right="upload")
        dataset = services.create_example(user=request.user, team=team, example=request.POST.get("name", ""))
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("datasets:list")
    return redirect("datasets:detail", dataset.id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def paste(request: HttpRequest, dataset_id: str | None = None) -> HttpResponse:
    """Pasted text as a new dataset, or as a new version of one."""
    into = selectors.dataset_for(request.user, dataset_id, right="upload") if dataset_id else None
    team = into.team if into else team_of(request, right="upload")
    form = PasteForm(_named(request, into), initial={"name": into.name} if into else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data | {"format": form.cleaned_data["format"] or _guessed(form.cleaned_data)}
        try:
            dataset = services.create_from_text(user=request.user, team=team, into=into, **given)
        except Refused as refused:
            form.blame(refused)
        else:
            return redirect("datasets:detail", dataset.id)
    context = {"form": form, "into": into}
    return render(request, "datasets/paste.html", context, status=422 if form.errors else 200)


def _named(request: HttpRequest, into: Dataset | None) -> object:
    """What was posted; a version needs no name of its own."""
    if request.method != "POST" or into is None:
        return request.POST or None
    posted = request.POST.copy()
    posted["name"] = posted.get("name") or into.name
    return posted


def _guessed(given: dict[str, str]) -> str:
    """What a text is that nobody said it of: by the ending of its name, else by its first lines."""
    return "" if given["name"].lower().endswith(services.PASTED_ENDINGS) else guess(given["text"])


@require_POST
@login_required
def discard(request: HttpRequest, upload_id: str) -> HttpResponse:
    upload = selectors.upload_for(request.user, upload_id, right="upload")
    try:
        services.cancel_upload(user=request.user, upload=upload)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("datasets:list")
