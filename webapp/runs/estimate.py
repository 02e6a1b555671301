"""What a run would cost, before it starts: a formula and this machine's calibration, in milliseconds, without torch."""

from __future__ import annotations

from typing import Any

from webapp.datasets.models import Version


def estimate(*, version: Version, recipe: dict[str, Any]) -> dict[str, Any]:
    """{parameters, training_bytes, steps_per_epoch, steps, seconds, recipe (filled in), calibrated}.

    Raises RecipeError with its fields, Conflict when the version is not ready.
    """
    raise NotImplementedError
