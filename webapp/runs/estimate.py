"""What a run would cost, before it starts: a formula and this machine's calibration, in milliseconds, without torch."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings

from rnncore.plan import Plan, plan
from rnncore.recipe import Recipe
from webapp.datasets.models import Version
from webapp.runs.facts import known


def estimate(*, version: Version, recipe: dict[str, Any]) -> dict[str, Any]:
    """{parameters, training_bytes, steps_per_epoch, steps, seconds, recipe (filled in), calibrated}.

    Raises RecipeError with its fields, Conflict when the version is not ready.
    """
    return planned(version, Recipe.parse(recipe)).to_dict()


def planned(version: Version, recipe: Recipe) -> Plan:
    """The engine's plan of the recipe for this version, on this machine. Raises as :func:`webapp.runs.facts.known`."""
    return plan(*known(version, recipe), calibration())


def calibration() -> dict[str, Any] | None:
    """How fast this machine is, as a training worker measured it; None until it has."""
    try:
        return json.loads((settings.DATA / "calibration.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):  # not measured yet, or just being written
        return None
