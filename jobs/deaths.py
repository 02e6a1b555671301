"""When to stop trying: a run whose process, or whose whole worker, dies again and again at the same place.

Both count as progress what goes past the furthest step at which one died before; the words for the person are here.
"""

from __future__ import annotations

from typing import Any

LIMIT = 3  # deaths in a row without getting further


def counted(deaths: int, died_at: int | None, step: int) -> tuple[int, int]:
    """How many deaths in a row there are now, and the furthest step of them, after one more at ``step``."""
    if died_at is None or step > died_at:
        return 1, step
    return deaths + 1, died_at


def of_trainer(signal: str, step: int) -> dict[str, Any]:
    """The error of a run whose training process was killed too often."""
    return _error(f"The training process was killed by {signal} {LIMIT} times near step {step}.", step)


def of_worker(step: int) -> dict[str, Any]:
    """The error of a run that lost its worker too often."""
    return _error(f"The worker that trained it died {LIMIT} times near step {step}.", step)


def _error(error: str, step: int) -> dict[str, Any]:
    hint = (
        "Most likely the machine has too little memory. Resume it when more is free; "
        "else train again with a smaller batch size or network."
    )
    return {"error": error, "hint": hint, "step": step, "resumable": True}
