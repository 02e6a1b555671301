"""What Home shows of a team beside its lists: the samples of its newest run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Max

from webapp.runs.models import Fact, Run

BESIDE = 0.8  # the temperature that is shown of several, or the nearest to it
MOST = 3  # answers or forecasts of one step


@dataclass(frozen=True)
class Samples:
    """What a run made at a step: one text (with ``prompt`` or ``label``), or a few answers, or a few forecasts."""

    run: Run
    step: int
    bodies: list[dict[str, Any]]

    @property
    def kind(self) -> str:
        first = self.bodies[0]
        return "text" if "text" in first else "forecasts" if "history" in first else "answers"


def newest_samples(runs: Sequence[Run]) -> Samples | None:
    """The newest samples of the first of these runs that has any; the caller has fetched them by a selector."""
    sampled = Fact.objects.filter(run__in=runs, kind="sampled", step__lte=F("run__step"))  # not those taken back
    last = dict(sampled.values_list("run_id").annotate(Max("seq")))
    run = next((run for run in runs if run.id in last), None)
    if run is None:
        return None
    newest = Fact.objects.get(run=run, seq=last[run.id])
    facts = Fact.objects.filter(run=run, kind="sampled", step=newest.step, seq__lte=newest.seq).order_by("seq")
    return Samples(run, newest.step, _chosen([fact.body for fact in facts]))


def _chosen(bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The text that is neither dull nor wild, else the first few."""
    texts = [body for body in bodies if "text" in body]
    return [min(texts, key=lambda body: abs(body["temperature"] - BESIDE))] if texts else bodies[:MOST]
