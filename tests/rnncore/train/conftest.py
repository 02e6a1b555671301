"""Tiny trainings: a text of some thousand characters and a network of some hundred weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from rnncore import events
from rnncore.data import synthetic
from rnncore.recipe import Recipe
from rnncore.tasks import language_model
from rnncore.train.loop import train

TEXT = "so it goes and so it went, and on it goes again. " * 6

TIMES = {"seq", "at", "seconds", "tokens_per_second", "remaining_seconds"}
"""What differs between two runs of the same recipe."""


@pytest.fixture
def baselines() -> None:
    """For tests that want the process that computes them; the others are faster without."""


@pytest.fixture(autouse=True)
def _settings(request, tmp_path_factory, monkeypatch) -> Iterator[None]:
    """Every run seeds and sets up torch for itself; afterwards it is as it was. Nothing is kept in a user's cache."""
    if "baselines" not in request.fixturenames:
        monkeypatch.setattr(language_model.Task, "baselines", lambda self: None)
    monkeypatch.setenv("UNROLL_DATA", str(tmp_path_factory.getbasetemp() / "cache"))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def text(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("text") / "text.txt"
    synthetic.write("grammar", path, 3000, seed=3)
    return path


def tiny(**tables: dict[str, Any]) -> Recipe:
    """A recipe for seconds; ``tables`` replace or add fields."""
    recipe = Recipe.parse({
        "task": {"kind": "language_model"},
        "network": {"cell": "lstm", "hidden_size": 12, "embedding_size": 6, "num_layers": 2, "dropout": 0.2},
        "training": {
            "device": "cpu", "precision": "float32", "batch_size": 4, "sequence_length": 16, "max_steps": 30,
            "learning_rate": 0.01, "warmup_steps": 1, "evaluate_every": 10, "checkpoint_every": 5, "patience": 0,
        },
        "sampling": {"every": 20, "temperatures": [0.8], "length": 20},
    })  # fmt: skip
    return recipe.replacing(**tables)


class StopAfter:
    """``should_stop`` that says so once an event was seen for which ``when`` holds."""

    def __init__(self, when: Callable[[dict[str, Any]], bool]) -> None:
        self.when, self.seen = when, False

    def __call__(self) -> bool:
        return self.seen

    def look(self, event: dict[str, Any]) -> None:
        self.seen = self.seen or self.when(event)


def run(recipe: Recipe, text: Path, out: Path, *, stop: StopAfter | None = None, **more: Any) -> list[dict[str, Any]]:
    """Train to the end or the stop; all events."""
    found = []
    for event in train(recipe, text, out, should_stop=stop or (lambda: False), **more):
        if stop:
            stop.look(event)
        found.append(event)
    return found


def feed(out: Path) -> list[dict[str, Any]]:
    return [events.decode(line) for line in (out / "events.jsonl").read_bytes().splitlines()]


def facts(out: Path, *kinds: str) -> list[dict[str, Any]]:
    """What the feed says in the end of ``kinds``, without what depends on the clock."""
    held = [event for event in events.without_rewound(feed(out)) if event["kind"] in kinds]
    return [{name: value for name, value in event.items() if name not in TIMES} for event in held]


def weights(out: Path, name: str = "last") -> bytes:
    return (out / name / "model.safetensors").read_bytes()


def of_kind(found: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in found if event["kind"] == kind]


def state(out: Path, name: str = "last") -> dict[str, Any]:
    return json.loads((out / name / "state.json").read_bytes())
