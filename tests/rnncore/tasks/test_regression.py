"""Regression from a file to its answers."""

from __future__ import annotations

import csv
import random

import numpy as np
import pytest

from rnncore.errors import DataError, RecipeError
from rnncore.tasks.regression import Model, mean_of
from tests.rnncore.tasks import answering
from tests.rnncore.tasks.answering import opened, recipe, run

one_thread = pytest.fixture(autouse=True)(answering.one_thread)


def rows(count=100):
    draw = random.Random(0)
    digits = [[draw.randint(0, 9) for _ in range(draw.randint(2, 6))] for _ in range(count)]
    return [(" ".join(map(str, one)), 100 + 10 * sum(one)) for one in digits]


def write(path, records):
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([("text", "price"), *records])
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return write(tmp_path_factory.mktemp("data") / "digits.csv", rows())


def test_it_learns_and_answers_through_the_command_line(file, tmp_path, capsys):
    asked = recipe("regression", training={"max_steps": 400, "evaluate_every": 100, "learning_rate": 0.02},
                   network={"dropout": 0.0, "hidden_size": 24})  # fmt: skip
    outputs, figures = answering.from_file_to_answers(asked, file, tmp_path, capsys)
    off = [abs(output["value"] - price) for output, (_, price) in zip(outputs, rows(), strict=True)]
    assert figures["metrics"]["mae"] == pytest.approx(sum(off) / len(off), rel=1e-5) and figures["metrics"]["r2"] > 0.9
    assert set(figures["metrics"]) == {"mae", "rmse", "mse", "r2"} and figures["loss"] < figures["baseline"]["mean"]


def test_no_figure_depends_on_the_batch(file, tmp_path, monkeypatch):
    answering.no_figure_depends_on_the_batch(recipe("regression"), file, tmp_path, monkeypatch)


def test_a_stop_and_a_resume_change_no_bit(file, tmp_path):
    answering.a_stop_and_a_resume_change_no_bit(recipe("regression", network={"dropout": 0.3}), file, tmp_path)


def test_what_mattered_is_told(file, tmp_path):
    run(recipe("regression", training={"max_steps": 2}), file, tmp_path / "run")
    (output,) = Model(tmp_path / "run" / "best").predict(["3 9 1"], explain=True)
    assert [item["token"] for item in output["tokens"]] == ["3", "9", "1"] and isinstance(output["value"], float)


def test_the_mean_by_hand():
    found = mean_of(2.0, 2.0, np.array([1.0, 5.0]))
    assert found.metrics == pytest.approx({"mae": 2.0, "rmse": 5**0.5, "mse": 5.0, "r2": 1 - 5 / 4})
    assert found.loss == pytest.approx(5 / 4)


def test_a_number_that_is_none_and_numbers_that_are_all_the_same(tmp_path):
    path = write(tmp_path / "a.csv", [("a b c", 1.5)] * 20)
    with pytest.raises(DataError, match=r"every record has the number 1.5 in 'price'"):
        opened(recipe("regression"), path, tmp_path)
    path = write(tmp_path / "b.csv", [*((f"a b {n}", n / 7) for n in range(20)), ("x y z", "much")])
    with pytest.raises(RecipeError, match=r"task.label_column"):
        opened(recipe("regression", task={"label_column": "price"}), path, tmp_path)
