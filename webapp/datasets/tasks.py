"""What can be learned from a dataset: which kinds of task its columns serve, and which of them they propose."""

from __future__ import annotations

from rnncore import catalog, facts
from rnncore.data.roles import propose
from rnncore.errors import RecipeError
from rnncore.recipe import Recipe
from webapp.datasets import roles
from webapp.datasets.models import Status, Version

TEXT = "language_model"
"""The task of a file that has no columns."""


def servable(version: Version) -> list[str]:
    """The kinds of task that a version that was read can serve, in the order of the catalog."""
    survey = roles.columns(version)
    if not survey:
        return [TEXT]
    return [kind for kind in catalog.TASKS if kind != TEXT and _serves(kind, survey)]


def proposed(version: Version) -> str | None:
    """The kind of task that a person chose, that the data was made for, or that its columns suggest; None before the
    file was read."""
    if version.status != Status.READY:
        return None
    survey = roles.columns(version)
    if not survey:
        return TEXT
    made = version.synthetic
    kind = version.dataset.task or (made["task"] if made else propose(survey))
    if kind in catalog.TASKS and kind != TEXT and _serves(kind, survey):
        return kind
    return next(iter(servable(version)), None)


def _serves(kind: str, survey: list[roles.Column]) -> bool:
    if kind == "forecasting" and not any(column["role"] in ("time", "value") for column in survey):
        return False  # numbers alone are no series: the labels of records, say
    try:
        facts.chosen(Recipe.parse({"task": {"kind": kind}}), survey)
    except RecipeError:
        return False
    return True
