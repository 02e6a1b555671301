"""The plan of a forecast: its parameters are those of the network, its steps those of the run."""

from __future__ import annotations

import pytest

from rnncore import plan as plans
from rnncore.defaults import Facts
from rnncore.networks import count
from rnncore.plan import plan
from rnncore.recipe import Recipe
from tests.rnncore.tasks.test_forecasting import opened, recipe, write


@pytest.mark.parametrize("cell", ["gru", "lstm", "minlstm", "transformer"])
@pytest.mark.parametrize(
    "task", [{}, {"known_columns": ["holiday"], "value_columns": ["a", "b"]}, {"strategy": "recursive"}], ids=str
)
def test_parameters_are_exact(tmp_path, cell, task):
    data = write(tmp_path / "series.csv")
    asked = recipe(task=task, network={"cell": cell, "num_layers": 2})
    opened_task, forward = opened(asked, data, tmp_path)
    found = plan(*plans.facts_of(asked, data))
    assert found.parameters == count(forward.network)
    assert found.steps_per_epoch == opened_task.batches().per_epoch
    assert found.seconds > 0 and found.training_bytes > 4 * found.parameters


def test_rows_of_ones_own_choice_count():
    asked = Recipe.parse({
        "task": {"kind": "forecasting", "value_columns": ["v"], "horizon": 24, "lookback": 168, "season": 24},
        "training": {"split_rows": [1000, 100, 100], "batch_size": 10},
    })  # fmt: skip
    found = plan(asked, Facts(tokens=5000, vocabulary_size=None, records=5000))
    assert found.steps_per_epoch == 81  # 1000 - 168 - 24 + 1 windows
