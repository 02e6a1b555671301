"""Runs that were never trained, in a studio that runs: a story of each, put into its feed from outside.

    python -m tests.browser.fed DATA EMAIL

Prints what the tests look for: the ids by name.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.load import scratch
from tests.studios import ENVIRON, ROOT

STEPS = 60
NAMES = ("Shakespeare", "Surnames", "Dates", "Jingles", "Sunspots")  # the newest last
CELLS = ("gru", "lstm")


def feed(data: Path, email: str) -> dict[str, str]:
    """The ids of the person's new runs by their names. In a process of its own: the tests have other settings."""
    command = [sys.executable, "-m", "tests.browser.fed", str(data), email]
    return json.loads(subprocess.run(command, cwd=ROOT, env=ENVIRON, check=True, capture_output=True).stdout)


def _told(name: str, place: int) -> Iterator[dict[str, Any]]:
    """Every step, every tenth evaluated, every twentieth sampled."""
    yield {"kind": "started", "step": 0, "parameters": 1000, "steps": STEPS, "tokens": 8800, "device": "cpu",
           "precision": "float32", "vocabulary_size": 28}  # fmt: skip
    yield {"kind": "baseline", "step": 0, "name": "3-gram", "loss": 2.5, "metrics": {}}
    for step in range(1, STEPS + 1):
        loss = 1 + place / 10 + 2 * math.exp(-step / 20)
        yield {"kind": "progress", "step": step, "epoch": step / 30, "loss": loss, "learning_rate": 0.002,
               "grad_norm": 0.5, "tokens_per_second": 40_000, "seconds": step / 4, "remaining_seconds": 0}  # fmt: skip
        if step % 10 == 0:
            yield {"kind": "evaluated", "step": step, "split": "valid", "loss": loss + 0.1, "metrics": {}}
        if step % 20 == 0:
            yield {"kind": "sampled", "step": step, "prompt": "", "temperature": 0.8, "text": f"{name} at {step}"}
    yield {"kind": "finished", "step": STEPS, "seconds": STEPS / 4, "best": None}


def _fill(email: str) -> dict[str, str]:
    from django.db import transaction

    from webapp.accounts.models import User
    from webapp.runs import feed
    from webapp.runs.models import Run, Status

    user, ids = User.objects.get(email=email), {}
    for place, name in enumerate(NAMES):
        run = scratch.run_of(user, name, status=Status.FINISHED, steps=STEPS)
        cell = {"cell": CELLS[place % 2]}
        run.recipe = run.recipe | {"network": run.recipe.get("network", {}) | cell}
        run.filled = run.filled | {"network": run.filled["network"] | cell}
        run.save()
        with transaction.atomic():
            feed.append(Run.objects.select_for_update().get(id=run.id), list(scratch.numbered(_told(name, place))))
        ids[name] = run.id
    return ids


if __name__ == "__main__":
    scratch.connect(Path(sys.argv[1]))
    print(json.dumps(_fill(sys.argv[2])))
