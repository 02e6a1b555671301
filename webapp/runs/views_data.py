"""What the page of a run asks for: its history, its log, its recipe as a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.views.decorators.http import require_safe

from jobs.workplace import LOG
from rnncore.recipe import Recipe
from webapp.runs import feed, selectors
from webapp.runs.chosen import chosen
from webapp.runs.models import Run
from webapp.runs.store import folder
from webapp.runs.summary import slug

COLUMNS = ("epoch", "seconds", "loss", "learning_rate", "grad_norm", "tokens_per_second")
WIDTH = range(50, 4001)
LOG_TAIL = 64 * 1024  # bytes

Event = dict[str, Any]


@require_safe
@login_required
def history(request: HttpRequest, run_id: str) -> HttpResponse:
    """The run so far, thinned for a chart ``width`` pixels wide: ``{last_seq, points, facts, latest}``.

    With ``start`` or ``end`` (steps) only the points in between, finer. Whoever goes on from ``last_seq`` misses
    nothing and hears nothing twice.
    """
    run = selectors.run_for(request.user, run_id)
    try:
        start, end, width = (_whole(request, name) for name in ("start", "end", "width"))
    except ValueError as error:
        return HttpResponseBadRequest(f"{error}\n", content_type="text/plain; charset=utf-8")
    width = min(max(width or 800, WIDTH.start), WIDTH.stop - 1)
    points = feed.history(run, start, end, width, COLUMNS)
    body = {"last_seq": run.last_seq, "points": {name: [_short(value) for value in points[name]] for name in points}}
    if start is None and end is None:
        body |= {"facts": chosen(run), "latest": _latest(run)}
    return JsonResponse(body)


def _whole(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 16):
        raise ValueError(f"{name} is a whole number, not {text[:40]!r}.")
    return int(text) if text else None


def _short(value: float | None) -> float | int | None:
    """Six digits are more than a chart shows; a third of the bytes."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _latest(run: Run) -> Event | None:
    return {"seq": run.last_seq, "kind": "progress", "step": run.step, **run.latest} if run.latest else None


@require_safe
@login_required
def report(request: HttpRequest, run_id: str) -> HttpResponse:
    """What the metrics of ``?split=valid`` or ``test`` hide, as JSON; 404 with an empty object while there is none."""
    split = request.GET.get("split", "valid")
    run = selectors.run_for(request.user, run_id)
    found = selectors.report_of(run, split) if split in selectors.SPLITS else None
    return JsonResponse(found or {}, status=200 if found else 404)


@require_safe
@login_required
def log(request: HttpRequest, run_id: str) -> HttpResponse:
    """The end of what the trainer's process printed, as plain text."""
    run = selectors.run_for(request.user, run_id)
    return HttpResponse(_tail(folder(run.id) / LOG), content_type="text/plain; charset=utf-8")


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LOG_TAIL))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return text if size <= LOG_TAIL else "…\n" + text.partition("\n")[2]


@require_safe
@login_required
def recipe(request: HttpRequest, run_id: str) -> HttpResponse:
    """The recipe, every field filled in, as the TOML file that ``rnncore train`` takes."""
    run = selectors.run_for(request.user, run_id)
    text = Recipe.parse(run.filled or run.recipe).to_toml()
    disposition = f'attachment; filename="{slug(run.name)}.toml"'
    return HttpResponse(text, content_type="application/toml", headers={"Content-Disposition": disposition})
