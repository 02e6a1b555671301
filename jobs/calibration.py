"""This machine's speed, for estimates: measured once while nothing trains, refined by every run that finishes.

``calibration.json`` in the data folder holds what ``rnncore bench calibration --json`` printed; once runs have
finished, ``measured`` keeps those numbers, ``observed`` the steps of the latest runs, and the numbers themselves are
what explains both best.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from celery.signals import worker_shutting_down
from django.conf import settings

from jobs import follow, presence
from jobs.trainer import yield_to_others
from rnncore import cost
from rnncore.recipe import Recipe

SETTLED = 20.0  # seconds after our start: the studio's other processes start too, and would falsify the measurement
KEPT = 32  # observed runs
TRUST = 0.1  # how much the measurement weighs beside one observed run

log = logging.getLogger(__name__)

_NUMBERS = ("flops", "step_overhead", "fixed")
_loaded_at = time.monotonic()
_lock = threading.Lock()
_process: subprocess.Popen[bytes] | None = None
_failed = False


def path() -> Path:
    return settings.DATA / "calibration.json"


def begin() -> None:
    """Starts to measure in the background, unless it was done, is being done, cannot be done, or it is too early."""
    global _process
    with _lock:
        if _failed or _process or path().exists() or time.monotonic() < _loaded_at + SETTLED:
            return
        command = [sys.executable, "-m", "rnncore", "bench", "calibration", "--json"]
        # In the worker's own process group: whoever ends that ends the measurement with it.
        _process = subprocess.Popen(command, cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        yield_to_others(_process.pid)  # as a training does
        threading.Thread(target=_finish, args=(_process,), name="calibration", daemon=True).start()


@worker_shutting_down.connect
def interrupt(**_: object) -> None:
    """Ends a measurement that a training would falsify, or that nobody waits for; it is begun again another time."""
    with _lock:
        if _process:
            _process.kill()


def _finish(process: subprocess.Popen[bytes]) -> None:
    global _process, _failed
    with presence.doing("measure"):
        printed, _ = process.communicate()
    with _lock:
        if process.returncode == 0:
            _write(json.loads(printed))
        elif process.returncode > 0:
            _failed = True
            log.warning("this machine's speed could not be measured; estimates stay a guess")
        _process = None


def refine(folder: Path) -> None:
    """Lets the finished run in ``folder`` teach us how fast this machine is."""
    with _lock:
        if not path().exists() or (seen := _observation(folder)) is None:
            return
        body = json.loads(path().read_text())
        body.setdefault("measured", {name: body[name] for name in _NUMBERS})
        body["observed"] = [*body.get("observed", []), seen][-KEPT:]
        _write(body | refined(body["measured"], body["observed"]))


def refined(measured: dict[str, float], observed: list[dict[str, float]]) -> dict[str, float]:
    """The three numbers that explain the observed steps best, in relative error, and stay near the measured ones.

    A step takes ``fixed + layer_steps * step_overhead + work / flops`` seconds (see rnncore.cost), which is linear in
    fixed, step_overhead and 1/flops: least squares with the measured numbers as a prior.
    """
    prior = np.array([measured["fixed"], measured["step_overhead"], 1 / measured["flops"]])
    rows = np.array([[1, run["layer_steps"], run["work"]] for run in observed], float)
    seconds = np.array([run["seconds"] for run in observed])
    left = np.vstack([rows * prior / seconds[:, None], np.sqrt(TRUST) * np.eye(3)])
    right = np.concatenate([np.ones(len(observed)), np.full(3, np.sqrt(TRUST))])
    scale = np.clip(np.linalg.lstsq(left, right, rcond=None)[0], 0.05, 20)
    fixed, overhead, per_flop = (prior * scale).tolist()
    return {"flops": 1 / per_flop, "step_overhead": overhead, "fixed": fixed}


def _observation(folder: Path) -> dict[str, float] | None:
    """A finished run's usual step: how long it took, and of what size it was."""
    speeds: deque[float] = deque(maxlen=20)
    vocabulary = None
    for event in follow.events(folder / follow.EVENTS):
        if event["kind"] == "started":
            vocabulary = event["vocabulary_size"]
        elif event["kind"] == "progress" and event["tokens_per_second"]:
            speeds.append(event["tokens_per_second"])
    if not speeds or not vocabulary:
        return None
    recipe = Recipe.load(folder / "out" / "recipe.json")
    network, training = recipe.network, recipe.training
    tokens = training.batch_size * training.sequence_length
    return {
        "layer_steps": network.num_layers * training.sequence_length,
        "work": cost.token_flops(network, vocabulary) * tokens,
        "seconds": tokens / median(speeds),
    }


def _write(body: dict[str, Any]) -> None:
    draft = path().with_suffix(".tmp")
    draft.write_text(json.dumps(body, indent=2) + "\n")
    draft.replace(path())
