"""Many runs at once: each by the very service that does it to one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.http import Http404
from django.utils.text import Truncator

from webapp.accounts.models import User
from webapp.ids import is_id
from webapp.runs import services
from webapp.runs.models import Run
from webapp.runs.selectors import deleted_of, runs_of
from webapp.teams.selectors import require

MOST = 200
"""Runs at once."""

ACTS: dict[str, tuple[str, Callable[..., None]]] = {
    "stop": ("train", services.stop), "delete": ("delete", services.delete), "restore": ("delete", services.restore),
}  # fmt: skip
"""What can be done with many: the right that it takes, and what does it to one."""


def act(*, user: User, what: str, ids: Sequence[str]) -> list[Run]:
    """Does it to the runs of these ids once it may be done to all of them. Gives those that it was done to: what has
    ended is not stopped.

    Raises Http404 where one of them may not be seen (or there are none, or too many), PermissionDenied where the role
    in its team does not allow it.
    """
    right, do = ACTS[what]
    wanted = set(ids)
    rows = deleted_of(user) if what == "restore" else runs_of(user)
    runs = list(rows.filter(id__in=filter(is_id, wanted))) if 0 < len(wanted) <= MOST else []
    if len(runs) != len(wanted) or not runs:
        raise Http404("One of these runs is not here (any more). Reload the list.")
    for run in runs:
        require(run.role, right, user)
    if what == "stop":
        runs = [run for run in runs if run.status not in services.ENDED]
    for run in runs:
        do(user=user, run=run)
    return runs


def sentence(what: str, runs: Sequence[Run]) -> str:
    """What was done, to be read out."""
    if not runs:
        return "Nothing is left to stop: these runs have ended."
    name = f"“{Truncator(runs[0].name).chars(40)}” is" if len(runs) == 1 else f"{len(runs)} runs are"
    return {"stop": f"{name} told to stop.", "delete": f"{name} deleted.", "restore": f"{name} back."}[what]
