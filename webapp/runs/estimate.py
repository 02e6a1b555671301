"""What a run would cost, before it starts: a formula and this machine's calibration, in milliseconds, without torch."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings

from rnncore import familiar
from rnncore.errors import DataError
from rnncore.plan import Plan, plan
from rnncore.recipe import Recipe
from rnncore.weights import Weights
from webapp.datasets.models import Version
from webapp.problems import Invalid
from webapp.runs.facts import known, surveyed


def estimate(*, version: Version, recipe: dict[str, Any], weights: Weights | None = None) -> dict[str, Any]:
    """{parameters, training_bytes, steps_per_epoch, steps, seconds, recipe (filled in), calibrated}.

    Raises RecipeError with its fields, Conflict when the version is not ready, Invalid at ``start`` where the
    ``weights`` do not know what it is made of.
    """
    found = planned(version, Recipe.parse(recipe), weights)
    refuse_strange(version, found.recipe, weights)
    return found.to_dict()


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


def refuse_strange(version: Version, filled: Recipe, weights: Weights | None) -> None:
    """Raises Invalid at ``start`` where it is known already that the weights do not know the version's characters or
    labels; what is not, a training says when it starts."""
    if weights is None:
        return
    try:
        familiar.check(weights, filled, surveyed(version), version.filename)
    except OSError:
        return  # they are gone by now, which is said when they are laid into the run's folder
    except DataError as error:
        raise Invalid.at("start", f"{error}. {error.hint}") from None


def calibration() -> dict[str, Any] | None:
    """How fast this machine is, as a training worker measured it; None until it has."""
    try:
        return json.loads((settings.DATA / "calibration.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):  # not measured yet, or just being written
        return None
