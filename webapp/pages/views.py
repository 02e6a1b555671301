"""Home: what a team's runs do now and made last, who did what, the machines; for an empty studio, what to do first."""

from __future__ import annotations

from itertools import pairwise

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from webapp.datasets.selectors import datasets_of, uploads_of
from webapp.models.selectors import models_of
from webapp.pages.selectors import newest_samples
from webapp.queue.selectors import places_for
from webapp.runs import selectors as runs
from webapp.runs.models import Status
from webapp.teams.current import team_of
from webapp.teams.history import entries_of
from webapp.teams.links import with_places

MOST = 6
LINES = 4  # of the team's history
LINE = "to␣be␣or␣not␣to␣b"
UNROLLED = [(20 + 40 * step, read, guess) for step, (read, guess) in enumerate(pairwise(LINE))]  # of an empty studio
EVERY = {True: "every 3s", False: "every 15s"}  # how often home asks again: while something trains, and else


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    team = team_of(request)
    mine = runs.runs_of(request.user, team)
    training = list(mine.filter(status=Status.RUNNING).order_by("-started_at")[:MOST])
    waiting = list(mine.filter(status=Status.QUEUED).order_by("queued_at")[:MOST])
    ended = list(mine.exclude(status__in=[Status.RUNNING, Status.QUEUED])[:MOST])
    queue = runs.queue() if waiting else {}
    for run in waiting:
        run.waits_for = runs.waiting_for(run, queue.get(run.id))
    context = {
        "samples": newest_samples([*training, *ended]),
        "places": places_for(request.user),
        "team": team,
        "history": with_places(entries_of(request.user, team)[:LINES]),
        "training": training,
        "waiting": waiting,
        "ended": ended,
        "every": EVERY[bool(training or waiting)],
        "models": models_of(request.user, team)[:MOST],
        "datasets": datasets_of(request.user, team)[:MOST],
        "uploads": uploads_of(request.user, team),
        "max_bytes": settings.MAX_UPLOAD_BYTES,
        "unrolled": UNROLLED,
    }
    return render(request, "pages/_now.html" if request.htmx else "pages/home.html", context)
