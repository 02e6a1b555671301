"""A scratch studio for measurements: its database from outside, and what lies in it."""

from __future__ import annotations

import itertools
import math
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from supervisor import valkey

EMAIL, PASSWORD = "load@example.org", "a good long password"
NAMES = ("Shakespeare", "Surnames", "Household power", "Dates", "Jingles", "Tagger", "Sunspots", "Questions")
EVERY = 250  # ms between two points

Event = dict[str, Any]


def connect(data: Path) -> None:
    """Sets Django up on a data folder (and on the Redis of the `studio up` that runs there, if one does)."""
    os.environ |= {"UNROLL_DATA": str(data), "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    if valkey.address_file(data).exists():
        os.environ["REDIS_URL"] = valkey.address_file(data).read_text()
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def person() -> Any:
    """Who looks on; made at the first call."""
    from webapp.accounts.models import User
    from webapp.accounts.services import create_user

    return User.objects.filter(email=EMAIL).first() or create_user(email=EMAIL, password=PASSWORD)


def run_of(user: Any, name: str, **row: Any) -> Any:
    """An unsaved run in the person's team, of a real recipe on a real file."""
    from django.utils import timezone

    from rnncore.recipe import Recipe
    from tests.webapp.conftest import Maker
    from webapp.datasets.models import Version
    from webapp.runs.estimate import planned
    from webapp.runs.models import Run

    team = user.personal_team
    version = Version.objects.filter(dataset__team=team).first() or Maker().read(team).version
    recipe = Recipe.parse({"task": {"kind": "language_model"}, "training": {"max_steps": 2_000_000}})
    filled = planned(version, recipe).recipe.to_dict()
    row = {"created_by": user, "queued_at": timezone.now(), "steps": 2_000_000} | row
    return Run(team=team, name=name, version=version, recipe=recipe.to_dict(), filled=filled, **row)


def listed(user: Any, count: int) -> None:
    """So many runs with all that a list shows of them."""
    from django.utils import timezone

    from webapp.runs.models import Run, Status

    model, chance, now = run_of(user, ""), random.Random(1), timezone.now()
    shared = {name: getattr(model, name) for name in ("team", "version", "recipe", "filled", "created_by", "queued_at")}
    rows = []
    for number in range(count):
        start, floor = chance.uniform(3, 5), chance.uniform(1, 2)
        line = [[step * 30, round(floor + start * math.exp(-step / 15), 4)] for step in range(1, 65)]
        status = chance.choices([Status.FINISHED, Status.STOPPED, Status.FAILED, Status.PAUSED], [80, 10, 6, 4])[0]
        rows.append(Run(
            **shared, name=f"{chance.choice(NAMES)} {number}", status=status, steps=2000, step=1920, sparkline=line,
            latest={"loss": line[-1][1]}, best={"step": 1900, "loss": line[-2][1], "metrics": {}},
            error={"error": "The loss is not finite.", "hint": "", "step": 9} if status == Status.FAILED else None,
            started_at=now, ended_at=now,
        ))  # fmt: skip
    Run.objects.bulk_create(rows, batch_size=500)


def long_run(user: Any, count: int) -> Any:
    """A finished run that stated so many points and everything else that goes with them, and was rewound twice."""
    from django.db import transaction

    from webapp.runs import feed
    from webapp.runs.models import Run, Status

    row = run_of(user, f"A run of {count:,} points", status=Status.FINISHED)
    row.save()
    stated = numbered(_stated(count))
    while True:
        with transaction.atomic():
            run = Run.objects.select_for_update().get(id=row.id)
            for _ in range(50):
                if not (batch := list(itertools.islice(stated, 1000))):
                    return run
                feed.append(run, batch)


def numbered(stated: Iterator[Event], first: int = 1, at: int = 1_760_000_000_000) -> Iterator[Event]:
    """The events as a feed has them."""
    from rnncore.events import iso

    for seq, event in enumerate(stated, first):
        yield {"seq": seq, "at": iso(at + EVERY * seq), **event}


def _stated(count: int) -> Iterator[Event]:
    yield {"kind": "started", "step": 0, "parameters": 1_000_000, "steps": count, "tokens": 10**7, "device": "cpu",
           "precision": "float32", "vocabulary_size": 65}  # fmt: skip
    yield {"kind": "baseline", "step": 0, "name": "3-gram", "loss": 1.9, "metrics": {}}
    chance, back = random.Random(2), {count // 3: 500, count // 2: 5000}
    step = 0
    while step < count:
        if step in back:
            step -= min(step, back.pop(step))
            yield {"kind": "rewound", "step": step}
        step += 1
        yield point(step, count, chance)
        yield from _facts(step)
    yield {"kind": "finished", "step": step, "seconds": step / 4, "best": None}


def point(step: int, steps: int, chance: random.Random) -> Event:
    loss = 1.4 + 2.6 * math.exp(-step / (steps / 8)) + chance.gauss(0, 0.05)
    return {
        "kind": "progress", "step": step, "epoch": step / 1000, "loss": loss,
        "learning_rate": 0.002 * (1 - step / steps), "grad_norm": chance.expovariate(2.0),
        "tokens_per_second": chance.gauss(40_000, 900), "seconds": step / 4, "remaining_seconds": (steps - step) / 4,
    }  # fmt: skip


def _facts(step: int) -> Iterator[Event]:
    if step % 1000 == 0:
        yield {"kind": "evaluated", "step": step, "split": "valid", "loss": 1.5 + 100 / step, "metrics": {}}
        yield {"kind": "diagnosed", "step": step, "gradient_by_lag": [[lag, 0.5**lag] for lag in range(1, 33)],
               "effective_lag": 7.0, "clip_rate": 0.1, "saturation": None}  # fmt: skip
        yield {"kind": "sampled", "step": step, "prompt": "", "temperature": 0.8, "text": "To be or not. " * 20}
    if step % 10_000 == 0:
        yield {"kind": "checkpointed", "step": step, "path": f"checkpoints/step-{step:08d}", "sha256": "0" * 64,
               "best": False}  # fmt: skip
