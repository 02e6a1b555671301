"""What a run would cost, before it starts: a formula and this machine's calibration, in milliseconds, without torch."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings

from rnncore.plan import Plan, plan
from rnncore.recipe import Recipe
from rnncore.weights import Weights
from webapp.datasets.models import Version
from webapp.runs.facts import known


def estimate(*, version: Version, recipe: dict[str, Any]) -> dict[str, Any]:
    """{parameters, training_bytes, steps_per_epoch, steps, seconds, recipe (filled in), calibrated}.

    Raises RecipeError with its fields, Conflict when the version is not ready.
    """
    return planned(version, Recipe.parse(recipe)).to_dict()


def planned(version: Version, recipe: Recipe, weights: Weights | None = None) -> Plan:
    """The engine's plan of the recipe for this version, on this machine.

    ``weights``: those that the run is to start from; the plan's recipe has what they decide. Raises as
    :func:`webapp.runs.facts.known`, and RecipeError at the fields that do not fit them.
    """
    if weights is None:
        return plan(*known(version, recipe), calibration())
    chosen, facts = known(version, weights.adopted(recipe))
    weights.refuse_columns(chosen)
    return plan(chosen, weights.facts(facts), calibration())


def calibration() -> dict[str, Any] | None:
    """How fast this machine is, as a training worker measured it; None until it has."""
    try:
        return json.loads((settings.DATA / "calibration.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):  # not measured yet, or just being written
        return None
