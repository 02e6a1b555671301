"""The queue: who works, what trains, what waits and how long; and what may be done with it from there."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from webapp.accounts.models import User
from webapp.problems import Conflict
from webapp.queue.selectors import queue_for
from webapp.queue.services import move
from webapp.runs import services
from webapp.runs.models import Run, Status
from webapp.runs.selectors import queue as places
from webapp.runs.selectors import run_for

EVERY = {True: "every 3s", False: "every 10s"}  # how often the page asks again: while something moves, and else


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """The page; to a script that asks again only what may have changed."""
    return _show(request)


def _show(request: HttpRequest, said: str = "") -> HttpResponse:
    queue = queue_for(request.user)
    context = {"queue": queue, "every": EVERY[bool(queue.training or queue.waiting)], "said": said}
    return render(request, "queue/_now.html" if request.htmx else "queue/page.html", context)


@require_POST
@login_required
def act(request: HttpRequest, run_id: str, what: str) -> HttpResponse:
    """Moves, pauses or stops a run, and says what became of it; answers with the queue as it is now."""
    if what not in ACTS:
        raise Http404(f"There is no {what!r} here.")
    run = run_for(request.user, run_id, right="train")
    try:
        said = ACTS[what](request, run)
    except Conflict as conflict:
        said = str(conflict)
    if request.htmx:
        return _show(request, said)
    messages.info(request, said)
    return redirect("queue:page")


def _front(request: HttpRequest, run: Run) -> str:
    services.front(user=request.user, run=run)
    return f"“{run.name}” is next in the queue." if run.status == Status.QUEUED else f"“{run.name}” trains already."


def _up(request: HttpRequest, run: Run) -> str:
    return _moved(request.user, run, -1)


def _down(request: HttpRequest, run: Run) -> str:
    return _moved(request.user, run, 1)


def _drop(request: HttpRequest, run: Run) -> str:
    """As it was dragged: by so many ``places``, towards the front where that is less than 0."""
    try:
        count = int(request.POST.get("places", ""))
    except ValueError:
        raise Http404("places: by how many the run is moved, as a whole number.") from None
    return _moved(request.user, run, count)


def _moved(user: User, run: Run, count: int) -> str:
    place = move(user=user, run=run, places=count)
    return f"“{run.name}” is number {place} of {len(places())} in the queue."


def _pause(request: HttpRequest, run: Run) -> str:
    services.pause(user=request.user, run=run)
    return f"“{run.name}” is put aside{'' if run.status == Status.PAUSED else ' as soon as its step is done'}."


def _stop(request: HttpRequest, run: Run) -> str:
    services.stop(user=request.user, run=run)
    return f"“{run.name}” {'stops as soon as its step is done' if run.status == Status.RUNNING else 'is stopped'}."


ACTS: dict[str, Callable[[HttpRequest, Run], str]] = {
    "front": _front, "up": _up, "down": _down, "drop": _drop, "pause": _pause, "stop": _stop,
}  # fmt: skip
