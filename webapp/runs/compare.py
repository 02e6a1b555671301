"""Runs beside one another: in what their recipes differ, and how far each came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from rnncore import catalog
from rnncore.recipe import fields
from webapp.accounts.models import User
from webapp.ids import is_id
from webapp.pages.templatetags.figures import baseline as called
from webapp.pages.templatetags.units import decimals, duration, number
from webapp.problems import Invalid
from webapp.runs.figures import METRICS, write
from webapp.runs.models import Run
from webapp.runs.selectors import deleted_of, runs_of
from webapp.runs.summary import unit

FEWEST, MOST = 2, 8
NOTHING = "–"


@dataclass(frozen=True)
class Row:
    """A line of a table with a text for each run. ``best``: the place of the one that is clearly ahead, else None."""

    label: str
    texts: list[str]
    best: int | None = None


def asked(user: User, text: str) -> list[Run]:
    """The runs whose ids stand in ``text``, divided by commas, in that order, each once.

    Raises Http404 where the person may not see one of them, Invalid at ``runs`` where they are too many.
    """
    ids = _ids(text)
    found = _found(runs_of(user), ids)
    if len(found) != len(ids):
        raise Http404("One of these runs is not here.")
    return found


def still(user: User, text: str) -> list[Run]:
    """Those of the same that there still are, for who looks at them already: also what was just deleted.

    Raises Http404 where there are none (that the person may see), Invalid as :func:`asked`.
    """
    ids = _ids(text)
    known = {run.id: run for rows in (runs_of(user), deleted_of(user)) for run in _found(rows, ids)}
    if not known:
        raise Http404("None of these runs is here.")
    return [known[run_id] for run_id in ids if run_id in known]


def _ids(text: str) -> list[str]:
    ids = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if len(ids) > MOST:
        raise Invalid.at("runs", f"{len(ids)} runs are too many to be told apart; at most {MOST} are compared.")
    return ids


def _found(runs: QuerySet[Run], ids: list[str]) -> list[Run]:
    return sorted(runs.filter(id__in=filter(is_id, ids)), key=lambda run: ids.index(run.id))


def recipes(runs: Sequence[Run]) -> tuple[list[Row], list[tuple[str, str]]]:
    """The fields in which the filled-in recipes differ, and those that are the same in all: (label, value)."""
    differ, same = [], []
    filled = [run.filled or run.recipe for run in runs]
    for spec in fields():
        texts = [_text(recipe.get(spec.table, {}).get(spec.name)) for recipe in filled]
        if len(set(texts)) > 1:
            differ.append(Row(spec.label, texts))
        elif texts[0] != NOTHING:
            same.append((spec.label, texts[0]))
    if len({run.version_id for run in runs}) > 1:
        differ.insert(0, Row("Data", [_data(run) for run in runs]))
    return differ, same


def figures(runs: Sequence[Run]) -> list[Row]:
    """How far each came: the best validation with its metrics, beside the strongest baseline, and what it took."""
    losses = [run.best and run.best["loss"] for run in runs]
    rows = [_ranked("Best validation loss", losses, decimals, higher=False)]
    for name in dict.fromkeys(name for run in runs for name in (run.best or {}).get("metrics", {})):
        if metric := METRICS.get(name):
            values = [(run.best or {}).get("metrics", {}).get(name) for run in runs]
            rows.append(_ranked(metric.label, values, lambda value, metric=metric: write(metric, value), metric.higher))
    rows += [
        Row("Strongest baseline", [_baseline(run) for run in runs]),
        Row("At step", [number((run.best or {}).get("step")) if run.best else NOTHING for run in runs]),
        Row("Steps so far", [number(run.step) for run in runs]),
        Row("Time trained", [duration(run.latest.get("seconds")) or NOTHING for run in runs]),
        Row("Parameters", [number(run.started.get("parameters")) or NOTHING for run in runs]),
        Row("Device", [run.started.get("device", NOTHING).upper().replace(":", " ") for run in runs]),
    ]
    under_way = any(run.under_way for run in runs)  # then all that will be known has its place already
    return [row for row in rows if under_way or set(row.texts) != {NOTHING}]


def warnings(runs: Sequence[Run]) -> list[str]:
    """What keeps the runs from being compared fairly."""
    found = []
    kinds = [catalog.TASKS[kind].label.lower() for kind, _ in groupby(sorted(run.kind for run in runs))]
    if len(kinds) > 1:
        found.append(f"They learn different tasks ({', '.join(kinds)}): their losses do not count the same.")
    elif len({(run.filled or run.recipe)["task"].get("tokens") for run in runs}) > 1:
        found.append("They cut their text into different tokens: a loss per token says nothing across them.")
    if len({run.version_id for run in runs}) > 1:
        found.append("They learn from different data, or from different versions of it.")
    return found


def _text(value: Any) -> str:
    if value is None or value == []:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _data(run: Run) -> str:
    return f"{run.version.dataset.name}, version {run.version.number}"


def _baseline(run: Run) -> str:
    known = [(body["loss"], name) for name, body in run.baselines.items() if body.get("loss") is not None]
    if not known:
        return NOTHING
    loss, name = min(known)
    beaten = " (not beaten)" if run.best_loss is not None and run.best_loss >= loss else ""
    return f"{called(name, unit(run))} {decimals(loss)}{beaten}"


def _ranked(label: str, values: list[float | None], show: Any, higher: bool | None) -> Row:
    known = [value for value in values if value is not None]
    best = None
    if higher is not None and len(known) > 1:
        ahead = max(known) if higher else min(known)
        best = values.index(ahead) if known.count(ahead) == 1 else None
    return Row(label, [NOTHING if value is None else show(value) for value in values], best)
