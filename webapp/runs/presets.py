"""The three presets of the new-run page: what each puts into the form, and what it would cost on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rnncore.defaults.presets import BALANCED, PRESETS, Preset, values
from rnncore.errors import RecipeError
from rnncore.plan import Plan, plan
from rnncore.recipe import Recipe, fields
from webapp.datasets.models import Version
from webapp.runs.estimate import calibration
from webapp.runs.facts import known

DECIDED = ("network.hidden_size", "training.max_epochs", "training.max_minutes")
"""Fields that one of the presets sets: choosing another empties those that it leaves to the defaults."""


@dataclass(frozen=True)
class Card:
    """A preset for some data. ``values``: of the form's fields, as they are typed; ``plan``: what it costs with the
    other fields as they stand, None where they contradict it."""

    preset: Preset
    values: dict[str, str]
    plan: Plan | None

    @property
    def words(self) -> str:
        """What it trains, in a line."""
        if self.plan is None:
            return ""
        network, training = self.plan.recipe.network, self.plan.recipe.training
        layers = f"{network.num_layers} layer{'' if network.num_layers == 1 else 's'} of {network.hidden_size:,}"
        ends = ((training.max_steps, "step"), (training.max_epochs, "epoch"), (training.max_minutes, "minute"))
        most = [f"{plain(limit)} {unit}{'' if limit == 1 else 's'}" for limit, unit in ends if limit]
        return f"{layers}, {' or '.join(most)}"


def plain(limit: float) -> str:
    """58.8235 → 58.8, 1500 → 1,500: an end as exact as somebody plans it."""
    return f"{limit:,.0f}" if limit >= 100 else f"{limit:.3g}"


def typed_values(version: Version, recipe: Recipe) -> dict[str, dict[str, str]]:
    """What each preset puts into the fields of a form, by its name, for a recipe of a task and its columns.

    Empty where the data cannot serve the task.
    """
    try:
        chosen, facts = known(version, recipe)
        found = {name: values(name, chosen, facts, calibration()) for name in PRESETS}
    except RecipeError:
        return {}
    return {name: {path: f"{value:g}" for path, value in some.items()} for name, some in found.items()}


def cards(version: Version, given: dict[str, dict[str, Any]], offered: dict[str, dict[str, str]]) -> list[Card]:
    """``given``: the recipe that the form stands for, of which the fields that presets decide do not count."""
    rest = {
        table: {name: value for name, value in some.items() if f"{table}.{name}" not in DECIDED}
        for table, some in given.items()
    }
    return [Card(PRESETS[name], typed, _plan(version, rest, typed)) for name, typed in offered.items()]


def matching(data: Any, offered: dict[str, dict[str, str]]) -> str:
    """The preset that a form's fields were filled from: the one whose values they still have, else the balanced one."""
    for name, typed in offered.items():
        if typed and all(data.get(path) == text for path, text in typed.items()):
            return name
    return BALANCED


def _plan(version: Version, rest: dict[str, dict[str, Any]], typed: dict[str, str]) -> Plan | None:
    body = {table: dict(some) for table, some in rest.items()}
    for spec in fields():
        if spec.path in typed:
            body.setdefault(spec.table, {})[spec.name] = spec.type(float(typed[spec.path]))
    try:
        return plan(*known(version, Recipe.parse(body)), calibration())
    except RecipeError:
        return None
