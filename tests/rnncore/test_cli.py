"""The command line: exit codes, one line of complaint, and nothing heavy where nothing heavy is needed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rnncore import recipe as recipes
from rnncore.__main__ import main

RECIPE = """
[task]
kind = "language_model"
[network]
hidden_size = 8
embedding_size = 4
num_layers = 1
[training]
device = "cpu"
precision = "float32"
batch_size = 4
sequence_length = 16
max_steps = {steps}
[sampling]
length = 10
temperatures = [1.0]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A recipe and a text, in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNROLL_DATA", str(tmp_path / "cache"))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    (tmp_path / "recipe.toml").write_text(RECIPE.format(steps=20))
    (tmp_path / "text.txt").write_text("the quick brown fox jumps over the lazy dog. " * 40)
    yield tmp_path
    for number, handler in handlers.items():
        signal.signal(number, handler)


def process(*arguments: str, **more) -> subprocess.Popen:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(
        [sys.executable, "-m", "rnncore", *arguments], env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, **more,
    )  # fmt: skip


def wait_for(path: Path, text: str) -> None:
    end = time.monotonic() + 60
    while not (path.exists() and text in path.read_text()):
        assert time.monotonic() < end, f"no {text} in {path}"
        time.sleep(0.02)


def complaint(capsys) -> str:
    """The one line on standard error."""
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("rnncore: error: ")
    return line.removeprefix("rnncore: error: ")


def train(*more: str) -> int:
    return main(["train", "recipe.toml", "--data", "text.txt", "--out", "run", *more])


def test_train_leaves_what_the_contract_lists(folder, capsys):
    assert train("--events", "-") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == (folder / "run/events.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["kind"] == "finished"
    left = {path.name for path in Path("run").iterdir()}
    assert {"recipe.json", "resolved.json", "events.jsonl", "checkpoints", "best", "last"} <= left
    files = {"model.safetensors", "network.json", "tokenizer.json", "state.safetensors", "state.json", "recipe.json"}
    assert files == {path.name for path in Path("run/last").iterdir()}
    assert {path.name for path in Path("run/checkpoints").iterdir()} >= {"step-00000000", "step-00000020"}


def test_events_go_to_a_file_too_and_to_people_otherwise(folder, capsys):
    assert train("--events", "copy.jsonl") == 0
    assert Path("copy.jsonl").read_bytes() == Path("run/events.jsonl").read_bytes()
    assert capsys.readouterr().out == ""
    assert main(["train", "recipe.toml", "--data", "text.txt", "--out", "other"]) == 0
    assert "finished" in capsys.readouterr().out


def test_a_folder_with_a_run_wants_resume_and_a_finished_one_is_done(folder, capsys):
    assert train() == 0
    before = Path("run/events.jsonl").read_bytes()
    capsys.readouterr()
    assert train() == 2
    assert "run already holds a run" in complaint(capsys)
    assert train("--resume") == 0
    Path("recipe.toml").write_text(RECIPE.format(steps=20).replace("hidden_size = 8", "hidden_size = 9"))
    assert train("--resume") == 2
    assert "network.hidden_size" in complaint(capsys)
    assert Path("run/events.jsonl").read_bytes() == before
    Path("recipe.toml").write_text(RECIPE.format(steps=25))
    assert train("--resume") == 0
    assert json.loads(Path("run/events.jsonl").read_text().splitlines()[-1])["step"] == 25


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "recipe.toml", "--data", "nothing.txt", "--out", "run"], "nothing.txt"),
        (["train", "nothing.toml", "--data", "text.txt", "--out", "run"], "nothing.toml"),
        (["train", "text.txt", "--data", "text.txt", "--out", "run"], "text.txt is neither TOML nor JSON"),
        (["train", "bad.toml", "--data", "text.txt", "--out", "run"], "training.learning_rate: must be a number"),
        (["train", "recipe.toml", "--data", "empty.txt", "--out", "run"], "empty"),
        (["plan", "bad.toml", "--data", "text.txt"], "training.learning_rate"),
        (["evaluate", "nothing", "--data", "text.txt"], "nothing"),
        (["data", "empty.txt"], "empty"),
        (["synthetic", "riddles", "--out", "x"], "riddles"),
        (["plan", "recipe.toml", "--data", "text.txt", "--calibration", "text.txt"], "text.txt"),
    ],
)
def test_a_wrong_request_is_one_line_and_two(folder, capsys, arguments, said):
    (folder / "bad.toml").write_text('[task]\nkind = "language_model"\n[training]\nlearning_rate = "fast"\n')
    (folder / "empty.txt").write_text("")
    assert main(arguments) == 2
    assert said in complaint(capsys)
    assert not (folder / "run/resolved.json").exists()


@pytest.mark.parametrize("arguments", [["train"], ["dance"], [], ["train", "r", "--data", "d", "--out", "o", "--fast"]])
def test_wrong_arguments_are_one_line_and_two(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_run_that_diverges_ends_with_one(folder, capsys):
    Path("recipe.toml").write_text(RECIPE.format(steps=20).replace("max_steps", "learning_rate = 1e9\nmax_steps"))
    assert train("--events", "events.jsonl") == 1
    assert "learning rate" in complaint(capsys)
    assert json.loads(Path("run/events.jsonl").read_text().splitlines()[-1])["kind"] == "failed"


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "stdin"])
def test_asked_to_stop_it_writes_a_checkpoint_and_ends_with_three(folder, how):
    (folder / "recipe.toml").write_text(RECIPE.format(steps=10**6))
    arguments = ["train", "recipe.toml", "--data", "text.txt", "--out", "run", "--events", "events.jsonl"]
    running = process(*arguments, "--until-stdin-closes", stdin=subprocess.PIPE)
    wait_for(folder / "run/events.jsonl", '"kind":"progress"')
    if how == "stdin":
        running.stdin.close()
        running.stdin = None
    else:
        running.send_signal(getattr(signal, how))
    _, error = running.communicate(timeout=60)
    assert (running.returncode, error) == (3, "")
    last = json.loads((folder / "run/events.jsonl").read_text().splitlines()[-1])
    assert last["kind"] == "stopped"
    assert json.loads((folder / "run/last/state.json").read_text())["step"] == last["step"] > 0


def test_a_second_process_is_turned_away(folder, capsys):
    (folder / "recipe.toml").write_text(RECIPE.format(steps=10**6))
    running = process("train", "recipe.toml", "--data", "text.txt", "--out", "run")
    try:
        wait_for(folder / "run/events.jsonl", '"kind":"started"')
        assert train("--resume") == 1
        assert str(running.pid) in complaint(capsys)
    finally:
        running.kill()
        running.communicate()


def test_plan_evaluate_data_and_synthetic_print_json(folder, capsys):
    assert main(["synthetic", "grammar", "--out", "grammar.txt", "--count", "3000", "--seed", "4"]) == 0
    assert Path("grammar.txt").stat().st_size == 3000
    assert "The best possible loss is the entropy of the grammar" in capsys.readouterr().out
    assert main(["data", "grammar.txt"]) == 0
    assert json.loads(capsys.readouterr().out)["statistics"]["characters"] == 3000
    assert main(["plan", "recipe.toml", "--data", "text.txt"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert train("--events", "events.jsonl") == 0
    started = json.loads(Path("events.jsonl").read_text().splitlines()[0])
    assert (planned["parameters"], planned["steps"]) == (started["parameters"], started["steps"])
    assert planned["recipe"] == json.loads(Path("run/recipe.json").read_text())
    assert main(["evaluate", "run", "--data", "text.txt"]) == 0
    assert {"loss", "metrics", "baseline"} <= json.loads(capsys.readouterr().out).keys()


def test_help_tells_every_field_of_a_recipe(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["train", "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for field in recipes.fields():
        assert f"  {field.name} " in text and field.help in text


def test_what_needs_no_torch_does_not_load_it(folder):
    code = """
import importlib, sys
from contextlib import suppress
from rnncore.__main__ import main
modules = "recipe catalog events errors defaults cost plan baselines data.inspect data.tokens data.store data.streams"
for name in (modules + " data.ngram data.synthetic data.sources").split():
    importlib.import_module("rnncore." + name)
with suppress(SystemExit):
    main(["--help"])
for arguments in (["data", "text.txt"], ["plan", "recipe.toml", "--data", "text.txt"]):
    assert main(arguments) == 0
assert "torch" not in sys.modules, "torch was loaded"
"""
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert found.returncode == 0, found.stderr


def test_weights_to_start_from(folder, capsys):
    assert main(["train", "recipe.toml", "--data", "text.txt", "--out", "first"]) == 0
    again = ["train", "recipe.toml", "--data", "text.txt", "--out", "second", "--weights"]
    assert main([*again, str((folder / "first/best").resolve())]) == 0
    assert main(["generate", "second", "--length", "5"]) == 0
    capsys.readouterr()
    (folder / "recipe.toml").write_text(RECIPE.format(steps=20).replace("hidden_size = 8", "hidden_size = 9"))
    assert main([*again[:5], "third", "--weights", str((folder / "first/best").resolve())]) == 2
    assert "network.hidden_size: the weights have 8, not 9" in complaint(capsys)
    assert main([*again[:5], "third", "--weights", "nowhere"]) == 2
    assert "weights: nowhere" in complaint(capsys)


def test_a_plan_on_unfit_data_exits_2_with_the_line(tmp_path, capsys):
    days = [f"2024-01-{day:02d}" for day in range(1, 29)] + [f"{day:02d}.02.2024" for day in range(1, 28)]
    (tmp_path / "series.csv").write_text("day,value\n" + "".join(f"{day},{n % 7}.5\n" for n, day in enumerate(days)))
    (tmp_path / "recipe.json").write_text('{"task": {"kind": "forecasting"}}')
    assert main(["plan", str(tmp_path / "recipe.json"), "--data", str(tmp_path / "series.csv")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("rnncore: error: task.time_column: ") and "(line 30)" in said and said.count("\n") == 1
    assert main(["data", str(tmp_path / "series.csv")]) == 0
    assert json.loads(capsys.readouterr().out)["problems"][0]["line"] == 30
