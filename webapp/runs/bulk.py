"""Many runs at once: each by the very service that does it to one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import transaction
from django.http import Http404
from django.utils.text import Truncator

from webapp.accounts.models import User
from webapp.problems import Conflict
from webapp.runs import services
from webapp.runs.models import Run
from webapp.runs.selectors import held
from webapp.teams.selectors import require

MOST = 200
"""Runs at once."""

NAMED = 3
"""Of those that a sentence is about."""

ACTS: dict[str, tuple[str, Callable[..., None]]] = {
    "stop": ("train", services.stop), "delete": ("delete", services.delete), "restore": ("delete", services.restore),
}  # fmt: skip
"""What can be done with many: the right that it takes, and what does it to one."""


def act(*, user: User, what: str, ids: Sequence[str]) -> tuple[list[Run], list[Run]]:
    """Does it to all of the runs of these ids, or to none. Gives those that it was done to, and those that it was not
    needed for: what has ended is not stopped.

    Raises Http404 where one of them may not be seen (or there are none, or too many), PermissionDenied where the role
    in its team does not allow it, Conflict that names those that somebody deleted or brought back meanwhile.
    """
    right, do = ACTS[what]
    wanted = set(ids)
    with transaction.atomic():
        runs = held(user, wanted) if 0 < len(wanted) <= MOST else []
        if len(runs) != len(wanted) or not runs:
            raise Http404("One of these runs is not here (any more). Reload the list.")
        for run in runs:
            require(run.role, right, user)
        if changed := [run for run in runs if bool(run.deleted_at) != (what == "restore")]:
            how = "not deleted (any more)" if what == "restore" else "deleted meanwhile"
            raise Conflict(f"{_names(changed)}: {how}. Nothing was done; reload the list.")
        ended = [run for run in runs if what == "stop" and run.status in services.ENDED]
        done = [run for run in runs if run not in ended]
        for run in done:
            do(user=user, run=run)
    return done, ended


def sentence(what: str, done: Sequence[Run], ended: Sequence[Run] = ()) -> str:
    """What was done, to be read out."""
    if not done:
        return "Nothing is left to stop: these runs have ended."
    runs = f"{_names(done)} is" if len(done) == 1 else f"{len(done)} runs are"
    left = f" {_names(ended)} had ended already." if ended else ""
    return {"stop": f"{runs} told to stop.{left}", "delete": f"{runs} deleted.", "restore": f"{runs} back."}[what]


def _names(runs: Sequence[Run]) -> str:
    """
    >>> _names([Run(name=name) for name in "abcde"]), _names([Run(name="a"), Run(name="b")])
    ('“a”, “b”, “c” and 2 more', '“a” and “b”')
    """
    names = [f"“{Truncator(run.name).chars(40)}”" for run in runs[:NAMED]]
    if len(runs) > NAMED:
        names.append(f"{len(runs) - NAMED} more")
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
