"""That benchmarks run and say what they say; how fast this machine is, no test asks."""

from __future__ import annotations

import json
from importlib import import_module

import pytest

from rnncore import bench
from rnncore.__main__ import main
from rnncore.bench import fastest, generation, padding, trainer


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(generation, "SIZES", {8: 2})
    monkeypatch.setattr(generation, "STEPS", 3)
    monkeypatch.setattr(generation, "ROUNDS", 2)
    small = {"INPUT": 3, "HIDDEN": 4, "BATCH": 3, "MEDIAN": 4, "LONGEST": 12, "BATCHES": 2, "EQUAL": 1, "ROUNDS": 1}
    for name, size in small.items():
        monkeypatch.setattr(padding, name, size)
    monkeypatch.setattr(trainer, "SIZES", [(1, 8, 4, 16)])
    monkeypatch.setattr(trainer, "CHARACTERS", 20_000)
    monkeypatch.setattr(trainer, "TURNS", 1)
    monkeypatch.setattr(trainer, "WINDOW_SECONDS", 0.01)


def test_one_benchmark_prints_its_numbers(capsys):
    assert main(["bench", "generation", "--json"]) == 0
    (size,) = json.loads(capsys.readouterr().out)["sizes"]
    assert size["hidden_size"] == 8 and size["goal"] == 2
    assert size["ratio"] == pytest.approx(size["lstm_us"] / size["runtime_us"])
    assert all(size[name] > 0 for name in ("runtime_us", "written_us", "lstm_us", "lstm_without_onednn_us"))


def test_several_print_theirs_by_name(capsys):
    assert main(["bench", "generation", "trainer", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["generation", "trainer"]
    (size,) = found["trainer"]["sizes"]
    assert size["overhead"] == pytest.approx(size["trainer_ms"] / size["bare_ms"] - 1)


def test_padding_is_measured_for_unequal_and_equal_lengths(capsys):
    assert main(["bench", "padding", "--json"]) == 0
    unequal, equal = json.loads(capsys.readouterr().out)["sizes"]
    assert unequal["mean_length"] < equal["mean_length"] == 12
    for size in (unequal, equal):
        assert size["ratio"] == pytest.approx(size["packed_ms"] / size["padded_ms"])
    assert main(["bench", "padding"]) == 0
    assert "log-normal" in capsys.readouterr().out


def test_for_people_there_are_tables(capsys):
    assert main(["bench", "generation", "trainer"]) == 0
    out = capsys.readouterr().out
    assert "2x8" in out and "1x8" in out and "overhead" in out


def test_an_unknown_name_is_a_wrong_request(capsys):
    assert main(["bench", "generation", "speed"]) == 2
    captured = capsys.readouterr()
    assert "'speed' is not one of" in captured.err and captured.out == ""


def test_every_name_has_a_module():
    for path in bench.BENCHMARKS.values():
        found = import_module(path)
        assert callable(found.measure) and callable(found.table)


def test_contestants_take_turns_and_their_fastest_counts():
    order, seconds = [], iter([5.0, 1.0, 3.0, 2.0])

    def contestant(name):
        def turn():
            order.append(name)
            return next(seconds)

        return turn

    assert fastest({"a": contestant("a"), "b": contestant("b")}, 2) == {"a": 3.0, "b": 1.0}
    assert order == ["a", "b", "a", "b"]
