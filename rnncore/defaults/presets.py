"""How thoroughly to train: three answers, each a change to what the defaults choose for the same data. Torch-free.

``balanced`` changes nothing. ``quick`` trains a smaller network for as much of the same training as two minutes of this
machine hold. ``thorough`` trains a larger one for longer, because both pay: half an hour of the default network on a
megabyte of text ends better than eight minutes of it (docs/results.md), and one that reads its text more often has room
for more units, held back by dropout and by patience.

The numbers stand in one table, by how a task reads its data (:attr:`rnncore.catalog.TaskChoice.defaults`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rnncore import catalog
from rnncore.catalog import Choice
from rnncore.defaults import Facts
from rnncore.plan import plan
from rnncore.recipe import Recipe


@dataclass(frozen=True)
class Scale:
    """Times what the defaults choose. ``units``: of hidden size, kept within ``least`` and ``most`` where that is not
    further from the default; ``epochs``; ``most_epochs``: readings beyond which nothing is gained."""

    units: float
    epochs: float
    least: int = 0
    most: int = 1_024
    most_epochs: float = math.inf


@dataclass(frozen=True)
class Preset(Choice):
    """``scales``: by the module of :mod:`rnncore.defaults` that fills in a task's recipes. ``minutes``: at most."""

    scales: Mapping[str, Scale]
    minutes: float | None = None


BALANCED = "balanced"

PRESETS = {
    preset.name: preset
    for preset in (
        Preset("quick", "Quick look", "a smaller network: is there something to learn here?", {
            "language_model": Scale(units=0.5, epochs=0.5, least=64),
            "records": Scale(units=0.5, epochs=0.8, least=32),
            "series": Scale(units=0.5, epochs=0.5, least=32),
        }, minutes=2.0),
        Preset(BALANCED, "Balanced", "what fits these data: a good result for its time", {}),
        Preset("thorough", "Thorough", "a larger network that trains longer, for the best result", {
            "language_model": Scale(units=1.5, epochs=3, most_epochs=40),
            "records": Scale(units=2, epochs=2, most=512, most_epochs=100),
            "series": Scale(units=2, epochs=3, most=256, most_epochs=200),
        }),
    )
}  # fmt: skip

KEPT = 0.85
"""Share of the minutes that is planned for; the rest is for the start, the samples, and a machine that does other work
besides."""


def values(name: str, recipe: Recipe, facts: Facts, calibration: dict[str, Any] | None = None) -> dict[str, Any]:
    """The fields that a preset decides, by their paths (``network.hidden_size`` …), for a recipe with its columns and
    the facts of its data; see :func:`rnncore.plan.plan`. Empty for ``balanced``."""
    preset = PRESETS[name]
    if (scale := preset.scales.get(catalog.TASKS[recipe.task.kind].defaults)) is None:
        return {}
    balanced = plan(recipe, facts, calibration)
    found: dict[str, Any] = {"network.hidden_size": _units(scale, balanced.recipe.network.hidden_size)}
    usual = balanced.steps / balanced.steps_per_epoch
    epochs = min(usual * scale.epochs, max(usual, scale.most_epochs))
    if preset.minutes:
        network = {"hidden_size": found["network.hidden_size"]}
        limited = recipe.replacing(network=network, training={"max_minutes": preset.minutes * KEPT})
        timed = plan(limited, facts, calibration)
        epochs = min(epochs, timed.steps / timed.steps_per_epoch)
        found["training.max_minutes"] = preset.minutes
    found["training.max_epochs"] = float(f"{epochs:.2g}")
    return found


def _units(scale: Scale, usual: int) -> int:
    """A multiple of 16, and no step back from the default where that is beyond the bounds already."""
    wanted = round(usual * scale.units / 16) * 16
    low, high = min(scale.least, usual), max(scale.most, usual)
    return max(low, min(high, wanted))
