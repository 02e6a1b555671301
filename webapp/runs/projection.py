"""What a run's row says of its events: where it stands, its best, its sparkline. One function a kind of event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rnncore.events import ms_of
from webapp.runs.models import Run

FIELDS = (
    "step",
    "steps",
    "last_seq",
    "rewinds",
    "started",
    "latest",
    "best",
    "baselines",
    "sparkline",
    "error",
    "tiled",
)
SPARKLINE = 64  # points at most

Event = dict[str, Any]


def reset(run: Run) -> None:
    """As if the run had stated nothing yet."""
    run.step, run.steps, run.last_seq = 0, None, 0
    run.rewinds, run.started, run.latest, run.baselines, run.sparkline = [], {}, {}, {}, []
    run.best = run.error = None
    run.tiled = True


def apply(run: Run, event: Event) -> None:
    """Takes one more event into the row's fields (unsaved). ``best`` after a rewind is :func:`best_of`'s work."""
    run.last_seq = event["seq"]
    # A baseline is of step 0 however late it is ready; only a rewind takes the run back.
    run.step = event["step"] if event["kind"] == "rewound" else max(run.step, event["step"])
    if handle := _HANDLERS.get(event["kind"]):
        handle(run, event)


def own(event: Event) -> dict[str, Any]:
    """The fields that only this kind of event has."""
    return {name: value for name, value in event.items() if name not in ("seq", "at", "kind", "step")}


def _started(run: Run, event: Event) -> None:
    run.started = own(event)
    if not _copied(run, event):
        run.steps = event["steps"]


def _copied(run: Run, event: Event) -> bool:
    """Whether the run that this one continues stated the event: it had another end."""
    planned = run.steps is not None and (run.origin or {}).get("how") == "continued"
    return planned and ms_of(event["at"]) < 1000 * run.created_at.timestamp()


def _progress(run: Run, event: Event) -> None:
    run.latest = own(event)
    line = run.sparkline
    if event["loss"] is None:
        return
    span = event["step"] - (line[0][0] if line else 0)
    if not line or event["step"] - line[-1][0] >= span / SPARKLINE:
        line.append([event["step"], event["loss"]])
    if len(line) > SPARKLINE:
        run.sparkline = line[::2]


def _evaluated(run: Run, event: Event) -> None:
    better = run.best is None or (event["loss"] is not None and event["loss"] < run.best["loss"])
    if event["split"] == "valid" and event["loss"] is not None and better:
        run.best = {"step": event["step"], "loss": event["loss"], "metrics": event["metrics"]}


def _baseline(run: Run, event: Event) -> None:
    run.baselines = {**run.baselines, event["name"]: {"loss": event["loss"], "metrics": event["metrics"]}}


def _rewound(run: Run, event: Event) -> None:
    run.rewinds = [*run.rewinds, [event["seq"], event["step"]]]
    run.sparkline = [point for point in run.sparkline if point[0] <= event["step"]]
    if run.best and run.best["step"] > event["step"]:
        run.best = None


def _failed(run: Run, event: Event) -> None:
    run.error = {"error": event["error"], "hint": event["hint"], "step": event["step"]}


_HANDLERS: dict[str, Callable[[Run, Event], None]] = {
    "started": _started,
    "progress": _progress,
    "evaluated": _evaluated,
    "baseline": _baseline,
    "rewound": _rewound,
    "failed": _failed,
}
