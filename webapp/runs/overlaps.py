"""What the new-run form says at the fields of files that are measured on: their records that are learned from, too."""

from __future__ import annotations

from typing import Any

from rnncore.data.overlaps import read_of
from webapp.datasets import checks, roles
from webapp.datasets.models import Status
from webapp.runs.recipe_form import RecipeForm

PARTS = ("valid", "test")


def overlaps(form: RecipeForm) -> list[dict[str, Any]]:
    """For each of the fields, also for those that are empty: ``{"part", "answer", "dataset", "number"}``."""
    return [{"part": part, **_overlap(form, part)} for part in PARTS]


def _overlap(form: RecipeForm, part: str) -> dict[str, Any]:
    other = form.cleaned_data.get(part) if form.is_bound else None
    if other is None or form.offered is None or other.version.status != Status.READY:
        return {}
    names = read_of(form.offered.recipe.task, roles.columns(form.version))
    if not names or not other.version.inspection.get("columns"):
        return {}
    answer = checks.overlap(form.version, other.version, names)
    return {"answer": answer, "dataset": other, "number": other.version.number}
