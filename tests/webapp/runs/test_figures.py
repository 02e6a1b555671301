"""What stands for a task, as people read it."""

from __future__ import annotations

import pytest

from rnncore import catalog
from webapp.runs.figures import METRICS, figures, headline, write
from webapp.runs.models import Run


@pytest.mark.parametrize("kind", catalog.TASKS)
def test_each_task_has_its_headline(kind):
    task = catalog.TASKS[kind]
    assert METRICS[task.metric].higher == task.higher
    assert headline(kind, {task.metric: 0.5}).label == METRICS[task.metric].label
    assert headline(kind, {}) is None
    assert headline(kind, None) is None


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("accuracy", 0.9995, "100.0\u00a0%"), ("accuracy", 0, "0.0\u00a0%"), ("mae", 0.01234, "0.012"),
        ("mae", 123.456, "123.5"), ("mae", -4567.8, "-4,568"), ("bits_per_character", 1.987, "1.987"),
    ],
)  # fmt: skip
def test_figures_are_written_with_what_they_are_worth(name, value, text):
    assert write(METRICS[name], value) == text


def test_a_models_figures_are_its_metrics_without_the_loss():
    found = figures({"loss": 1.0, "accuracy": 0.5, "macro_f1": None, "of_my_own": 2.0})
    assert [(figure.label, figure.text) for figure in found] == [("Accuracy", "50.0\u00a0%"), ("Of my own", "2.000")]


def test_a_run_has_the_figure_of_its_best():
    run = Run(recipe={"task": {"kind": "classification"}}, best={"step": 1, "loss": 2.0, "metrics": {"accuracy": 0.75}})
    assert (run.figure.text, run.task.label) == ("75.0\u00a0%", "Classification")
    assert Run(recipe={"task": {"kind": "classification"}}).figure is None
