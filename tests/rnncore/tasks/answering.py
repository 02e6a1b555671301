"""What every task on records keeps, whatever it answers: checks that the tests of each task call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from rnncore import defaults
from rnncore.__main__ import main
from rnncore.events import without_rewound
from rnncore.recipe import Recipe
from rnncore.tasks import Sources, open_task, records
from rnncore.train.loop import train
from rnncore.train.precision import Forward

CPU = torch.device("cpu")


def one_thread() -> Iterator[None]:
    """Two runs are compared to the bit: with one thread, whatever else the machine does."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def recipe(kind: str, **tables: dict[str, Any]) -> Recipe:
    """A small one of 60 steps."""
    body: dict[str, dict[str, Any]] = {
        "task": {"kind": kind}, "network": {"cell": "gru", "hidden_size": 8, "embedding_size": 6},
        "training": {"batch_size": 8, "max_steps": 60, "learning_rate": 0.01, "evaluate_every": 20,
                     "checkpoint_every": 20, "validation_fraction": 0.25, "device": "cpu", "precision": "float32"},
        "sampling": {"every": 30},
    }  # fmt: skip
    for table, values in tables.items():
        body[table] |= values
    return Recipe.parse(body)


def opened(asked: Recipe, file: Path, tmp_path: Path, **others: Path) -> Any:
    """A task that has begun."""
    task = open_task(defaults.fill_task(asked), Sources(file, **others), tmp_path / "data", lambda: None)
    task.begin(defaults.fill(task.recipe, task.facts))
    return task


def run(asked: Recipe, file: Path, out: Path, *, stop_at: int | None = None, resume: bool = False) -> list[dict]:
    """The events of a training, stopped at a step if one is named."""
    found: list[dict[str, Any]] = []

    def should_stop() -> bool:
        return stop_at is not None and any(event["step"] >= stop_at for event in found)

    for event in train(asked, file, out, resume=resume, should_stop=should_stop):
        found.append(event)
    return found


def no_figure_depends_on_the_batch(asked: Recipe, file: Path, tmp_path: Path, monkeypatch: Any) -> None:
    task = opened(asked, file, tmp_path)
    torch.manual_seed(2)
    network = task.network().eval()
    measured = []
    for size in (1, 7, 64):
        monkeypatch.setattr(records, "EVALUATION_RECORDS", size)
        measured.append(task.evaluate(Forward(network, "plain"), "valid", CPU, lambda: None))
    for other in measured[1:]:
        assert other.loss == pytest.approx(measured[0].loss, rel=1e-6)
        assert other.metrics == pytest.approx(measured[0].metrics, rel=1e-6, abs=1e-6)


def a_stop_and_a_resume_change_no_bit(asked: Recipe, file: Path, tmp_path: Path) -> None:
    whole = run(asked, file, tmp_path / "whole")
    first = run(asked, file, tmp_path / "cut", stop_at=30)
    assert first[-1]["kind"] == "stopped" and 30 <= first[-1]["step"] < 60
    second = run(asked, file, tmp_path / "cut", resume=True)
    one, other = ((tmp_path / name / "last" / "model.safetensors").read_bytes() for name in ("whole", "cut"))
    assert one == other
    facts = [
        [{**event, "seq": 0, "at": 0} for event in without_rewound(found) if event["kind"] in ("evaluated", "sampled")]
        for found in (whole, first + second)
    ]
    assert facts[0] == facts[1]


def from_file_to_answers(asked: Recipe, file: Path, tmp_path: Path, capsys: Any) -> tuple[list[dict], dict[str, Any]]:
    """Train, predict and evaluate through the command line: the outputs, and what ``evaluate`` prints."""
    (tmp_path / "recipe.json").write_text(json.dumps(asked.to_dict()))
    out, answers = tmp_path / "run", tmp_path / "answers.jsonl"
    assert main(["train", str(tmp_path / "recipe.json"), "--data", str(file), "--out", str(out)]) == 0
    assert json.loads((out / "reports" / "valid.json").read_text())["kind"] == asked.task.kind
    assert main(["predict", str(out), "--data", str(file), "--out", str(answers)]) == 0
    capsys.readouterr()
    assert main(["evaluate", str(out), "--data", str(file)]) == 0
    return [json.loads(line) for line in answers.read_text().splitlines()], json.loads(capsys.readouterr().out)
