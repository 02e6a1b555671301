"""Forecasting from a file to predictions: windows, both strategies, every cell, exact resume, clear refusals."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import torch

from rnncore.data.backtest import pinball
from rnncore.errors import DataError, PromptError, RecipeError, RequestError
from rnncore.recipe import Recipe
from rnncore.tasks import forecasting, windowed
from rnncore.train import meter
from rnncore.train.evaluate import evaluate
from rnncore.train.loop import train
from rnncore.train.precision import Forward
from tests.rnncore.train.conftest import StopAfter, facts, of_kind, run, weights

CPU = torch.device("cpu")


@pytest.fixture(scope="module", autouse=True)
def steady():
    """One thread, progress by steps alone, and no process beside the training."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(meter, "WINDOW_SECONDS", 1e9)
        patch.setattr(forecasting.Task, "baselines", lambda self: None)
        yield
    torch.set_num_threads(threads)


def write(path: Path, rows: int = 260, future: int = 0, step: timedelta = timedelta(hours=1)) -> Path:
    """Hours with a value of a season of 8, one of a season of 4, and a known holiday that lifts the first."""
    draw = np.random.default_rng(5)
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["when", "a", "b", "holiday"])
        for row in range(rows + future):
            holiday = int(row % 11 in (3, 4))
            a = 50 + 10 * math.sin(row * math.pi / 4) + 5 * holiday + draw.normal()
            b = math.cos(row * math.pi / 2) + 0.1 * draw.normal()
            values = [f"{a:.4f}", f"{b:.4f}"] if row < rows else ["", ""]
            table.writerow([(datetime(2026, 1, 1) + row * step).isoformat(" "), *values, holiday])
    return path


@pytest.fixture(scope="module")
def series(tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("series") / "series.csv")


def recipe(**tables) -> Recipe:
    """A recipe for seconds; ``tables`` replace or add fields."""
    plain = Recipe.parse({
        "task": {"kind": "forecasting", "value_columns": ["a"], "horizon": 6, "lookback": 16, "season": 8},
        "network": {"cell": "gru", "hidden_size": 8, "dropout": 0.1},
        "training": {
            "device": "cpu", "precision": "float32", "batch_size": 8, "max_steps": 60, "learning_rate": 0.01,
            "evaluate_every": 20, "checkpoint_every": 20, "patience": 0, "validation_fraction": 0.2,
            "test_fraction": 0.1,
        },
        "sampling": {"every": 30},
    })  # fmt: skip
    return plain.replacing(**tables)


def opened(asked: Recipe, path: Path, out: Path) -> tuple[forecasting.Task, Forward]:
    """A task ready to train, and its untrained network (its head is not zero any more)."""
    from rnncore import defaults
    from rnncore.tasks import Sources, open_task

    given = defaults.fill_task(asked)
    task = open_task(given, Sources(path), out, lambda: None)
    task.begin(defaults.fill(given.replacing(task=task.recipe.to_dict()["task"]), task.facts))
    torch.manual_seed(1)
    network = task.network().eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return task, Forward(network, "plain")


RECURSIVE = {"strategy": "recursive"}
ALL = {"value_columns": ["a", "b"], "known_columns": ["holiday"]}


@pytest.mark.parametrize("task", [{}, ALL, RECURSIVE, {**RECURSIVE, **ALL}], ids=str)
def test_it_learns_and_states_what_it_should(series, tmp_path, task):
    training = {"max_steps": 120, "batch_size": 16, "learning_rate": 0.02, "evaluate_every": 40}
    found = run(recipe(task=task, training=training, network={"hidden_size": 16}), series, tmp_path / "run")
    assert [event["name"] for event in of_kind(found, "baseline")] == ["last value", "seasonal naive"]
    evaluated = of_kind(found, "evaluated")
    assert [event["split"] for event in evaluated] == ["valid"] * 3 + ["test"]
    assert evaluated[2]["loss"] < 0.8 * of_kind(found, "baseline")[0]["loss"]
    assert evaluated[0]["metrics"].keys() == {"mae", "rmse", "mse", "mase", "coverage", "crps"}
    by_lag = of_kind(found, "diagnosed")[-1]["gradient_by_lag"]
    assert [lag for lag, _ in by_lag] == [0, 1, 2, 4, 8] and all(norm > 0 for _, norm in by_lag)
    sampled = of_kind(found, "sampled")
    assert len(sampled) == 2 * 5
    assert {len(event["history"]) for event in sampled} == {16} and {len(event["truth"]) for event in sampled} == {6}
    assert sampled[0]["quantiles"].keys() == {"0.1", "0.5", "0.9"} and len(sampled[0]["times"]) == 22
    report = json.loads((tmp_path / "run/reports/valid.json").read_bytes())
    assert report["kind"] == "forecasting" and len(report["windows"]) == 12 and len(report["by_step"]) == 6
    assert report["count"] == 52 - 6 + 1  # every window whose six steps lie in the part
    tested = json.loads((tmp_path / "run/reports/test.json").read_bytes())["baselines"]
    assert [body["name"].split("(")[0] for body in tested] == ["last value", "seasonal naive", "AR", "direct linear"]
    assert tested[0]["loss"] != of_kind(found, "baseline")[0]["loss"]


def test_the_known_future_is_used(series, tmp_path):
    """A direct and a recursive forecast change with what is known ahead, and with it alone."""
    for task in ({}, RECURSIVE):
        opened_task, forward = opened(recipe(task={**task, "known_columns": ["holiday"]}), series, tmp_path)
        read, known, _ = opened_task.parts["valid"].windows.read(np.arange(3))
        plain = opened_task.answering(forward, read, known, CPU)
        known[4] += 1.0
        changed = opened_task.answering(forward, read, known, CPU)
        assert not np.allclose(plain[4], changed[4])
        assert np.array_equal(plain[:4], changed[:4])


def test_nothing_of_the_future_is_read(series, tmp_path):
    """Teacher forcing: a step's forecast depends on the truth before it, never on its own or later."""
    task, forward = opened(recipe(task=RECURSIVE), series, tmp_path)
    read, known, truth = (torch.from_numpy(x).float() for x in task.parts["train"].windows.read(np.arange(2)))
    plain, _ = forward(read, known, truth)
    truth[3:] += 5.0
    changed, _ = forward(read, known, truth)
    assert torch.equal(plain[:4], changed[:4]) and not torch.equal(plain[4], changed[4])


@pytest.mark.parametrize("task", [{}, {**RECURSIVE, **ALL}], ids=["direct", "recursive"])
def test_figures_do_not_depend_on_the_batch_size(series, tmp_path, task):
    opened_task, forward = opened(recipe(task=task), series, tmp_path)
    found = [
        windowed.measured(
            forward, opened_task.parts["valid"], opened_task.answering, opened_task.scales, CPU, lambda: None,
            batch_size=size,
        )
        for size in (1, 7, 64)
    ]  # fmt: skip
    for other in found[1:]:
        assert other.loss == pytest.approx(found[0].loss, abs=1e-6)
        assert other.metrics == pytest.approx(found[0].metrics, abs=1e-6)


def test_quantiles_never_cross(series, tmp_path):
    task, forward = opened(recipe(), series, tmp_path)
    read, known, _ = task.parts["valid"].windows.read(np.arange(20))
    assert (np.diff(task.answering(forward, read, known, CPU), axis=-1) >= 0).all()


@pytest.mark.parametrize("cell", ["rnn", "lstm", "mingru", "minlstm", "transformer"])
@pytest.mark.parametrize("how", ["bidirectional", "recursive"])
def test_every_cell(series, tmp_path, cell, how):
    network = {"cell": cell, "num_layers": 2, "bidirectional": how == "bidirectional"}
    asked = recipe(task=RECURSIVE if how == "recursive" else {}, network=network, training={"max_steps": 2})
    found = run(asked, series, tmp_path / "run")
    assert found[-1]["kind"] == "finished"
    model = forecasting.Model(tmp_path / "run" / "best")
    assert len(model.predict([list(range(16))])[0]["quantiles"]["0.5"]) == 6


@pytest.mark.parametrize("task", [{}, RECURSIVE], ids=["direct", "recursive"])
def test_a_stop_and_a_resume_change_no_bit(series, tmp_path, task):
    asked = recipe(task=task)
    run(asked, series, tmp_path / "whole")
    stop = StopAfter(lambda event: event["kind"] == "progress" and event["step"] >= 30)
    assert run(asked, series, tmp_path / "parts", stop=stop)[-1]["kind"] == "stopped"
    run(asked, series, tmp_path / "parts", resume=True)
    assert weights(tmp_path / "whole") == weights(tmp_path / "parts")
    kinds = "evaluated", "sampled", "diagnosed"
    assert facts(tmp_path / "whole", *kinds) == facts(tmp_path / "parts", *kinds)


def test_bfloat16_trains_too(series, tmp_path):
    found = run(recipe(training={"precision": "bfloat16", "max_steps": 3}), series, tmp_path / "run")
    assert found[-1]["kind"] == "finished" and math.isfinite(of_kind(found, "evaluated")[0]["loss"])


def test_files_of_ones_own_for_validation_and_test(series, tmp_path):
    other = write(tmp_path / "other.csv", rows=40)
    asked = recipe(training={"max_steps": 1})
    run(asked, series, tmp_path / "run", valid=other, test=other)
    report = json.loads((tmp_path / "run/reports/valid.json").read_bytes())
    assert report["count"] == 40 - 16 - 6 + 1  # here a lookback can reach into no part before


def test_the_whole_road_through_the_command_line(tmp_path):
    data = write(tmp_path / "series.csv")
    (tmp_path / "recipe.json").write_text(json.dumps(recipe(task=ALL, training={"max_steps": 5}).to_dict()))

    def rnncore(*arguments):
        command = [sys.executable, "-m", "rnncore", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    trained = rnncore("train", tmp_path / "recipe.json", "--data", data, "--out", tmp_path / "run", "--events", "-")
    assert trained.returncode == 0, trained.stderr
    events = [json.loads(line) for line in trained.stdout.splitlines()]
    names = [event["name"] for event in events if event["kind"] == "baseline"]
    assert names[:2] == ["last value", "seasonal naive"] and names[3:] == ["direct linear"]
    assert names[2].startswith("AR(")
    newer = write(tmp_path / "newer.csv", rows=30, future=6)
    predicted = rnncore("predict", tmp_path / "run", "--data", newer, "--out", tmp_path / "out.jsonl")
    assert predicted.returncode == 0, predicted.stderr
    (line,) = (tmp_path / "out.jsonl").read_text().splitlines()
    output = json.loads(line)
    assert output["times"][0] == "2026-01-02T06:00:00" and len(output["times"]) == 6
    assert output["quantiles"]["0.9"].keys() == {"a", "b"} and len(output["quantiles"]["0.9"]["b"]) == 6
    measured = rnncore("evaluate", tmp_path / "run", "--data", data)
    body = json.loads(measured.stdout)
    assert {"loss", "metrics", "baseline"} <= body.keys() and body["baseline"].keys() == {
        "last value", "seasonal naive",
    }  # fmt: skip


@pytest.fixture(scope="module")
def trained(series, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("trained") / "run"
    run(recipe(training={"max_steps": 20}), series, out)
    return out


@pytest.fixture(scope="module")
def with_known(series, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("known") / "run"
    run(recipe(task={"known_columns": ["holiday"]}, training={"max_steps": 5}), series, out)
    return out


def test_a_list_an_object_and_a_file_give_one_forecast(trained, series):
    model = forecasting.Model(trained / "best")
    (whole,) = model.inputs(series)
    last = {name: values[-16:] for name, values in whole.items()}
    from_file, from_object, from_list = model.predict([whole, last, last["a"]])
    assert from_file == from_object
    assert from_list == {"quantiles": from_file["quantiles"], "times": []}
    assert from_file["times"][0] == "2026-01-11T20:00:00"
    assert all(20 < value < 80 for value in from_file["quantiles"]["0.5"])


def test_it_forecasts_what_the_backtest_measured(trained, series):
    """The model's forecast of a window of the file is that of the report, unit and all."""
    shown = json.loads((trained / "reports/valid.json").read_bytes())["windows"][3]
    model = forecasting.Model(trained / "best")
    (output,) = model.predict([shown["history"]])
    assert output["quantiles"]["0.1"] == pytest.approx(shown["quantiles"]["0.1"], rel=1e-4)
    with series.open() as file:
        lines = file.read().splitlines()
    assert float(lines[shown["line"] - 1].split(",")[1]) == pytest.approx(shown["truth"][0])
    assert lines[shown["line"] - 1].split(",")[0].replace(" ", "T") == shown["times"][16]


def test_the_model_measures_as_the_run_did(trained, series, tmp_path):
    """The mean over a file is that over its windows, each forecast alone."""
    found = evaluate(trained, write(tmp_path / "some.csv", rows=30))
    model = forecasting.Model(trained / "best")
    (item,) = model.inputs(tmp_path / "some.csv")
    scale, losses = model.scale.deviation[0], []
    for start in range(30 - 16 - 6 + 1):
        (output,) = model.predict([item["a"][start : start + 16]])
        forecast = np.array(list(output["quantiles"].values())).T / scale
        truth = np.array(item["a"][start + 16 : start + 22]) / scale
        losses.append(pinball(truth, forecast, np.array([0.1, 0.5, 0.9])).mean())
    assert found["windows"] == len(losses) == 9
    assert found["loss"] == pytest.approx(np.mean(losses), rel=1e-5)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ([1.0] * 15, "inputs.1: 15 values are given; the model reads 16"),
        ([1.0] * 15 + ["x"], "inputs.1: the values: 'x' in 'a' is no number (number 16)"),
        ({"b": [1.0] * 16}, "inputs.1: a list of numbers is wanted for 'a'"),
        ("1 2 3", "inputs.1: a list of numbers is wanted for 'a'"),
        ({"a": [1.0] * 16, "when": ["soon"] * 16}, "'soon' in 'when' is not a date"),
        ([], "inputs.1"),
    ],
)
def test_a_wrong_input_is_named(trained, item, message):
    with pytest.raises(PromptError) as caught:
        forecasting.Model(trained / "best").predict([item])
    assert message in str(caught.value)


def test_the_known_future_is_asked_for(with_known):
    model = forecasting.Model(with_known / "best")
    with pytest.raises(PromptError, match=r"'holiday' is known for 3 steps after the last value; .* wants 6"):
        model.predict([{"a": [1.0] * 16, "holiday": [0] * 19}])
    with pytest.raises(PromptError, match="an object with lists for 'a', 'holiday', 'when' is wanted"):
        model.predict([[1.0] * 16])
    times = [f"2026-02-{day:02d}" for day in range(1, 17)]
    (output,) = model.predict([{"a": [1.0] * 16, "holiday": [0] * 22, "when": times}])
    assert output["times"] == [f"2026-02-{day}" for day in range(17, 23)]


@pytest.mark.parametrize(
    ("tables", "field"),
    [
        ({"task": {"horizon": 300}}, "task.horizon: the training part of series.csv has 182 rows, too few"),
        ({"task": {"horizon": 60}}, "task.horizon: the validation part of series.csv has 52 rows"),
        ({"task": {"lookback": 200}}, "task.lookback: the training part of series.csv has 182 rows; a lookback of 200"),
        ({"task": {"value_columns": ["c"]}}, "task.value_columns"),
        ({"task": {"value_columns": ["when"]}}, "task.value_columns"),
        ({"training": {"split_rows": [200, 50, 50]}}, "asks for 200 + 50 + 50 = 300 rows; the series has 260"),
    ],
)  # fmt: skip
def test_what_cannot_be_forecast_is_refused(series, tmp_path, tables, field):
    with pytest.raises(RequestError) as caught:
        list(train(recipe(**tables), series, tmp_path / "run"))
    assert field in str(caught.value)
    assert not (tmp_path / "run/resolved.json").exists()


@pytest.mark.parametrize("quantiles", [[0.0, 0.5], [0.5, 1.0], [0.5, 0.5]])
def test_a_quantile_outside_is_refused(quantiles):
    with pytest.raises(RecipeError, match=r"task\.quantiles"):
        recipe(task={"quantiles": quantiles})


def test_a_recursive_forecast_is_not_bidirectional():
    with pytest.raises(RecipeError, match=r"network\.bidirectional"):
        recipe(task=RECURSIVE, network={"bidirectional": True})


def test_a_series_that_never_changes_is_refused(tmp_path):
    (tmp_path / "flat.csv").write_text("value\n" + "3.5\n" * 100)
    asked = Recipe.parse({"task": {"kind": "forecasting", "value_columns": ["value"]}})
    with pytest.raises(DataError, match="never changes"):
        list(train(asked, tmp_path / "flat.csv", tmp_path / "run"))


def test_the_kind_alone_is_a_recipe(tmp_path):
    """Rows without a time, a season that shows in the values: all else is filled in."""
    values = [f"{math.sin(row * math.pi / 6):.4f}" for row in range(120)]
    (tmp_path / "waves.csv").write_text("value\n" + "\n".join(values) + "\n")
    asked = Recipe.parse({"task": {"kind": "forecasting"}, "training": {"max_steps": 2, "device": "cpu"}})
    found = run(asked, tmp_path / "waves.csv", tmp_path / "run")
    filled = Recipe.load(tmp_path / "run/recipe.json").task
    assert (filled.season, filled.value_columns, filled.strategy) == (12, ["value"], "direct")
    assert found[-1]["kind"] == "finished" and filled.horizon <= 9 and filled.lookback + filled.horizon <= 51
