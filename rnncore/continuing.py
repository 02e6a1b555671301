"""How a run may go on: with the recipe it has, to the ends it has or to ones that lie further away. Torch-free.

What may change is where it ends: the three ends, and the patience after which it ends by itself.
"""

from __future__ import annotations

from typing import Any

from rnncore.errors import RecipeError
from rnncore.recipe import Recipe

ENDS = ("max_steps", "max_epochs", "max_minutes")
CHANGEABLE = (*ENDS, "patience")


def continued(given: Recipe, first_given: Recipe, filled: Recipe, *, done: int | None = None) -> Recipe:
    """The recipe that a run goes on with: ``filled``, with the ends and the patience that ``given`` states.

    ``given`` must be ``first_given``, the recipe that the run was started with, or ``filled``, what that became, but
    for what may change. Where it states an end, its ends take the place of all that the run had. ``done``: the steps of
    a run that came to its end, which may end anywhere after them; any other ends no earlier than it was to.

    Raises RecipeError at the fields that differ, or at an end that lies too early.
    """
    asked = _fixed(given)
    if asked not in (_fixed(first_given), _fixed(filled)):
        wrong = min((_differences(asked, _fixed(known)) for known in (first_given, filled)), key=len)
        raise RecipeError([(field, "a run that goes on keeps its recipe; only its ends may change") for field in wrong])
    changes: dict[str, Any] = {}
    if any(getattr(given.training, name) is not None for name in ENDS):
        changes = {name: getattr(given.training, name) for name in ENDS}
    if given.training.patience is not None:
        changes["patience"] = given.training.patience
    if all(getattr(filled.training, name) == value for name, value in changes.items()):
        return filled
    _refuse_early(changes, filled, done)
    body = filled.to_dict()
    training = {**body["training"], **changes}
    return Recipe.parse(body | {"training": {name: value for name, value in training.items() if value is not None}})


def _refuse_early(changes: dict[str, Any], filled: Recipe, done: int | None) -> None:
    steps = changes.get("max_steps")
    if done is not None:
        if steps is not None and steps <= done:
            raise RecipeError.at("training.max_steps", f"the run has taken {done:,} steps already; give more")
        return
    for name in ENDS:
        new, old = changes.get(name), getattr(filled.training, name)
        if new is not None and old is not None and new < old:
            message = f"the run goes to {old:g} already; it can go further, not less far"
            raise RecipeError.at(f"training.{name}", message)


def _fixed(recipe: Recipe) -> dict[str, dict[str, Any]]:
    """The recipe without what may change."""
    body = {table: dict(values) for table, values in recipe.to_dict().items()}
    for name in CHANGEABLE:
        body.get("training", {}).pop(name, None)
    return {table: values for table, values in body.items() if values}


def _differences(one: dict[str, dict[str, Any]], other: dict[str, dict[str, Any]]) -> list[str]:
    """The fields in which two recipes differ, dotted."""
    names = dict.fromkeys((table, name) for body in (one, other) for table, values in body.items() for name in values)
    return [f"{t}.{n}" for t, n in names if one.get(t, {}).get(n) != other.get(t, {}).get(n)]
