"""A task is one new file and one entry of the catalog: here is one that nothing else in the engine has heard of."""

from __future__ import annotations

import csv
import json
import sys
from types import ModuleType

import pytest

from rnncore import catalog
from rnncore.data.inspect import inspect
from rnncore.errors import RecipeError
from rnncore.plan import facts_of, plan
from rnncore.recipe import Recipe, fields
from rnncore.tasks.classification import Model, Task
from rnncore.train.evaluate import evaluate
from tests.rnncore.tasks import answering

KIND = "parity"


class Parity(Task):
    """Whether a text has an even number of letters: its labels are made, not read."""

    def _description(self):
        return super()._description() | {"task": KIND}


@pytest.fixture
def parity(monkeypatch):
    module = ModuleType(f"rnncore.tasks.{KIND}")
    module.Task, module.Model = Parity, Model
    monkeypatch.setitem(sys.modules, module.__name__, module)
    entry = catalog.TaskChoice(
        KIND, "Parity", "even or odd", "many to one", "accuracy", catalog.TASKS["classification"].fields
    )
    monkeypatch.setitem(catalog.TASKS, KIND, entry)


def test_a_new_task_trains_plans_and_answers(parity, tmp_path):
    path = tmp_path / "t.csv"
    with path.open("w", newline="") as out:
        rows = [(f"{'x' * (n % 9)} y z {n}", "even" if n % 2 else "odd") for n in range(60)]
        csv.writer(out).writerows([("text", "label"), *rows])
    asked = answering.recipe(KIND, training={"max_steps": 10})
    assert plan(*facts_of(asked, path)).steps == 10
    assert inspect(path, task=KIND)["task"] == KIND
    events = answering.run(asked, path, tmp_path / "run")
    assert [event["kind"] for event in events][-1] == "finished"
    assert json.loads((tmp_path / "run" / "best" / "network.json").read_text())["task"] == KIND
    assert "accuracy" in evaluate(tmp_path / "run", path)["metrics"]
    assert any(spec.name == "pooling" and spec.serves(KIND) for spec in fields())


def test_what_a_task_does_not_have_is_refused_by_its_entry(parity):
    with pytest.raises(RecipeError) as caught:
        Recipe.parse({"task": {"kind": KIND, "horizon": 3}})
    assert "task.horizon: is a field of forecasting; this task is parity" in str(caught.value)
