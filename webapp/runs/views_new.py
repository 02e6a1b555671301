"""The new-run page: the recipe's form, what it would cost while one edits, the start."""

from __future__ import annotations

import json
import shlex
from typing import Any

from django.contrib.auth.decorators import login_required
from django.forms import BoundField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST

from rnncore import catalog
from rnncore.errors import RecipeError
from rnncore.plan import Plan
from rnncore.recipe import FieldSpec, fields
from webapp import workers
from webapp.datasets.models import Dataset, Status
from webapp.datasets.selectors import dataset_for, datasets_of
from webapp.datasets.tasks import servable
from webapp.datasets.words import in_words, stem_of, tasks_of
from webapp.models import selectors as published
from webapp.pages.templatetags.units import bytes_, compact, duration
from webapp.problems import Refused
from webapp.runs import beginnings, cloning, services
from webapp.runs.drawing import Drawing, draw
from webapp.runs.models import Run
from webapp.runs.overlaps import overlaps
from webapp.runs.presets import DECIDED, Card
from webapp.runs.recipe_form import KIND, TOPICS, Begin, RecipeForm, summary
from webapp.runs.selectors import run_for
from webapp.teams.current import team_of

SMALL = 10**9  # bytes that every machine has: nobody is asked whether they are there
MODELS = 100  # to start from, the newest; any other one by its own page


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("dataset") or request.GET.get("dataset")
    if not chosen and (run_id := request.GET.get("from")):
        return redirect(cloning.address(run_for(request.user, run_id), request.GET.get("start")))
    if not chosen:
        return render(request, "runs/choose.html", _offered(request))
    dataset = _chosen(request, chosen)
    if dataset.version.status != Status.READY:
        return redirect("datasets:detail", dataset.id)
    form = _form(request, dataset)
    if request.method == "POST" and "fill" not in request.POST and form.is_valid():
        try:
            run = services.start(
                user=request.user, team=dataset.team, dataset=dataset, recipe=form.recipe.to_dict(),
                begin=_start(request, form.cleaned_data["start"]),
                **{name: form.cleaned_data[name] for name in ("name", "valid", "test")},
            )  # fmt: skip
        except RecipeError as error:
            form.blame(error.errors)
        except Refused as refused:
            form.blame(refused.errors or [("", str(refused))])
        else:
            return redirect(f"/runs/{run.id}/")
    return _page(request, form, dataset)


@require_POST
@login_required
def estimate(request: HttpRequest) -> HttpResponse:
    """What the recipe would cost, as the page's right column: asked for at every change of the form."""
    dataset = _chosen(request, request.POST.get("dataset", ""))
    form = _form(request, dataset)
    return render(request, "runs/_estimate.html", _cost(form, dataset))


@require_POST
@login_required
def recipe(request: HttpRequest) -> HttpResponse:
    """The filled recipe as the TOML file that the command takes."""
    dataset = _chosen(request, request.POST.get("dataset", ""))
    form = _form(request, dataset)
    if not form.is_valid():
        return _page(request, form, dataset)
    response = HttpResponse(form.offered.recipe.to_toml(), content_type="application/toml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_slug(dataset)}.toml"'
    return response


def _chosen(request: HttpRequest, dataset_id: str) -> Dataset:
    """The dataset, as its newest version or the one that ``version`` names. Raises Http404, PermissionDenied."""
    number = request.POST.get("version") or request.GET.get("version") or None
    if number is not None and not (number.isascii() and number.isdigit() and len(number) < 9):
        raise Http404("There is no such version.")
    return dataset_for(request.user, dataset_id, right="train", number=number and int(number))


def _offered(request: HttpRequest) -> dict[str, Any]:
    """The data to choose from; where weights are chosen already (``?start=``), what serves their task."""
    ready = _ready(request)
    try:
        start = _start(request, request.GET.get("start", ""))
    except Refused as refused:
        return {"datasets": ready, "wrong": str(refused)}
    if start is None:
        return {"datasets": ready}
    kind = start.weights.recipe.task.kind
    return {
        "datasets": [dataset for dataset in ready if kind in servable(dataset.version)], "begin": start,
        "task": catalog.TASKS[kind], "more": urlencode({"start": start.key, "task": kind}),
    }  # fmt: skip


def _ready(request: HttpRequest) -> list[Dataset]:
    ours = datasets_of(request.user, team_of(request, right="train"))
    ready = [dataset for dataset in ours if dataset.version.status == Status.READY]
    for dataset in ready:
        dataset.words = in_words(dataset.version)
    return ready


def _form(request: HttpRequest, dataset: Dataset) -> RecipeForm:
    others = datasets_of(request.user, dataset.team).filter(versions__status=Status.READY).exclude(id=dataset.id)
    data = request.POST if request.method == "POST" else _given(request)
    source, key = _source(request), (data or {}).get("start") or ""
    more = {"source": source and cloning.typed_recipe(source), "begin": _begin(request, dataset, key)}
    form = RecipeForm(dataset.version, others.distinct(), data, request.GET.get("task"), **more)
    if request.GET.get("preset") or "fill" in request.POST:  # a preset was chosen, and its values are not there yet
        form = RecipeForm(dataset.version, others.distinct(), _filled(data, form), request.GET.get("task"), **more)
    form.is_valid()  # before anything asks what it offers
    return form


def _filled(data: Any, form: RecipeForm) -> Any:
    """The fields with those that the chosen preset decides; without those that the chosen weights decide."""
    filled = data.copy()
    for path in form.begin.weights.decided if form.begin.weights else DECIDED:
        filled.pop(path, None)
    filled.update(form.presets.get(form.preset, {}))
    return filled


def _given(request: HttpRequest) -> Any:
    """What the address says: the fields of a form that another task was chosen in (``?task=``, ``?preset=``), or the
    run that is to be trained again with changes (``?from=``), and what to start from (``?start=``)."""
    if request.GET.get("task") or request.GET.get("preset"):
        given = request.GET.copy()
        given[KIND] = given.get("task", "")
        return given
    start = request.GET.get("start")
    if source := _source(request):
        return cloning.typed_run(source, start)
    return {"start": start, KIND: request.GET.get("task", "")} if start else None


def _source(request: HttpRequest) -> Run | None:
    """The run that is cloned. Raises Http404."""
    run_id = request.POST.get("from") or request.GET.get("from")
    return run_for(request.user, run_id) if run_id else None


def _begin(request: HttpRequest, dataset: Dataset, key: str) -> Begin:
    """What may be started from: the team's models, and what ``key`` names."""
    models = published.models_of(request.user, dataset.team).exclude(newest=None)[:MODELS]
    choices = [
        (model.task, beginnings.key_of(model.newest), f"{model.name}, version {model.newest.number}")
        for model in models
    ]
    try:
        start = _start(request, key)
    except (Http404, Refused) as error:
        return Begin(choices, wrong=str(error) or "It is gone. Choose something else.")
    if start is None:
        return Begin(choices)
    if start.key not in (known for _, known, _ in choices):
        choices.append((start.weights.recipe.task.kind, start.key, start.label))
    return Begin(choices, start.weights)


def _start(request: HttpRequest, key: str) -> beginnings.Start | None:
    return beginnings.named(request.user, key) if key else None


def _page(request: HttpRequest, form: RecipeForm, dataset: Dataset) -> HttpResponse:
    kinds = tasks_of(dataset, chosen=form.kind)
    context = {
        "form": form, "dataset": dataset, "topics": _topics(form), "kind": form.kind, "task": catalog.TASKS[form.kind],
        "tasks": kinds, "data_words": in_words(dataset.version), "cards": _cards(form), **_cost(form, dataset),
        "source": _source(request), "source_values": form.source and json.dumps(form.source),
    }  # fmt: skip
    refused = form.errors and "fill" not in request.POST
    return render(request, "runs/new.html", context, status=422 if refused else 200)


def _topics(form: RecipeForm) -> dict[str, Any]:
    """The fields as the page shows them: the few that matter, then the others by topic."""
    placeholders = form.placeholders()
    shown = [(spec, form[spec.path]) for spec in form.specs]
    for spec, bound in shown:
        widget = bound.field.widget
        bound.departs, bound.was = form.departs(spec.path), form.was(spec.path)
        if spec.topic == "columns" and spec.many:
            bound.offered = placeholders[spec.path]
        elif hasattr(widget, "choices"):
            widget.choices = [("", placeholders[spec.path]), *list(widget.choices)[1:]]
        else:
            widget.attrs["placeholder"] = placeholders[spec.path]
    by_topic = {topic: [pair for pair in shown if pair[0].topic == topic] for topic in TOPICS}
    folded = [_folded(topic, form, pairs) for topic, pairs in by_topic.items() if pairs]
    few = [pair for pair in shown if pair[0].prominent]
    if len(form.fields[KIND].widget.choices) > 1:
        few.insert(0, (next(spec for spec in fields() if spec.path == KIND), form[KIND]))
    return {"few": few, "folded": folded}


def _folded(topic: str, form: RecipeForm, shown: list[tuple[FieldSpec, BoundField]]) -> dict[str, Any]:
    fields = [pair for pair in shown if not pair[0].prominent]
    return {
        "name": topic, "title": TOPICS[topic], "summary": _summary(topic, form), "fields": fields,
        "open": topic == "columns" or any(bound.errors for _, bound in fields),
    }  # fmt: skip


def _cost(form: RecipeForm, dataset: Dataset) -> dict[str, Any]:
    """The right column, and what the page's script puts into the form: placeholders, summaries, errors."""
    plan = None if form.errors else form.offered
    facts = {
        "offered": form.placeholders(),
        "summaries": {topic: _summary(topic, form) for topic in TOPICS},
        "errors": {name: " ".join(errors) for name, errors in form.errors.items()},
        "presets": {card.preset.name: _figures(card) for card in form.cards()},
    }
    return {
        "plan": plan, "epochs": plan and plan.steps / plan.steps_per_epoch, "room": _room(plan), "step": _step(form),
        "facts": facts, "command": _command(form, dataset), "overlaps": overlaps(form),
    }  # fmt: skip


def _room(plan: Plan | None) -> int | None:
    """The memory that there is, in bytes, where the plan wants more than any machine has."""
    if plan is None or plan.training_bytes <= SMALL:
        return None
    most = workers.memory(plan.recipe.training.device)
    return most if most and plan.training_bytes > most else None


def _cards(form: RecipeForm) -> list[dict[str, Any]]:
    """The presets as the page shows them."""
    return [
        {
            "preset": card.preset, "values": json.dumps(card.values), "chosen": card.preset.name == form.preset,
            **_figures(card),
        }
        for card in form.cards()
    ]  # fmt: skip


def _figures(card: Card) -> dict[str, str]:
    """What a preset costs, as its card says it."""
    if card.plan is None:
        return {"time": "–", "words": "contradicts another field", "size": ""}
    size = f"{compact(card.plan.parameters)} parameters, {bytes_(card.plan.training_bytes)}"
    return {"time": duration(card.plan.seconds), "words": card.words, "size": size}


def _summary(topic: str, form: RecipeForm) -> str:
    return summary(topic, form.offered.recipe) if form.offered else ""


def _step(form: RecipeForm) -> Drawing | None:
    """One step, drawn on the data; none where they cannot serve the task."""
    return draw(form.version, form.offered.recipe) if form.offered else None


def _command(form: RecipeForm, dataset: Dataset) -> str:
    """The same run in a terminal."""
    slug = _slug(dataset)
    words = ["rnncore", "train", f"{slug}.toml", "--data", dataset.version.filename]
    for name in ("valid", "test"):
        if form.is_bound and (other := form.cleaned_data.get(name)):
            words += [f"--{name}", other.version.filename]
    if form.begin.weights:
        words += ["--weights", "model"]
    return shlex.join([*words, "--out", f"runs/{slug}"])


def _slug(dataset: Dataset) -> str:
    return slugify(stem_of(dataset.name))[:60] or "recipe"
