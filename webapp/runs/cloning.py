"""A run as the start of another: its recipe, data and weights as the fields of the new-run form."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from rnncore.recipe import fields
from webapp.runs.beginnings import key_of
from webapp.runs.models import Run
from webapp.runs.recipe_form import KIND, typed


def address(run: Run, start: str | None = None) -> str:
    """Of the form for what the run was trained on, ``start``: with other weights to start from."""
    query = {"dataset": run.version.dataset_id, "version": run.version.number, "from": run.id}
    return f"{reverse('runs:new')}?{urlencode(query | ({'start': start} if start else {}))}"


def typed_recipe(run: Run) -> dict[str, Any]:
    """What somebody would have typed into the form for the run."""
    given = run.recipe
    known = {
        spec.path: typed(spec, given[spec.table][spec.name])
        for spec in fields() if spec.name in given.get(spec.table, {})
    }  # fmt: skip
    return {**known, KIND: run.kind}


def typed_run(run: Run, start: str | None = None) -> dict[str, Any]:
    """The same with the files that validate and test, and what it starts from."""
    others = {"valid": run.valid_version, "test": run.test_version}
    return {
        **typed_recipe(run), **{name: version.dataset_id for name, version in others.items() if version},
        "from": run.id, "start": start or _start(run),
    }  # fmt: skip


def _start(run: Run) -> str:
    """As :attr:`webapp.runs.beginnings.Start.key`: empty where it drew its weights, or what it had is gone."""
    if run.origin.get("how") != "weights":
        return ""
    if run.from_version:
        return key_of(run.from_version)
    return f"run:{run.from_run_id}:{run.origin['step']}" if run.from_run_id else ""
