"""Conditional generation from a file to texts for a label."""

from __future__ import annotations

import csv
import json
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rnncore import baselines, catalog, defaults
from rnncore.__main__ import main
from rnncore.data.conditions import Conditions
from rnncore.data.vocabulary import END, START
from rnncore.errors import DataError, RecipeError
from rnncore.events import without_rewound
from rnncore.recipe import Recipe
from rnncore.tasks import Sources
from rnncore.tasks import conditional_generation as cg
from rnncore.train.loop import train
from rnncore.train.precision import Forward

CPU = torch.device("cpu")
LETTERS = {"vowels": "aeiou", "ends": "xyz", "hums": "mn"}


@pytest.fixture(autouse=True)
def _settings(monkeypatch, request) -> Iterator[None]:
    """One thread, and no process that computes baselines except where a test is about it."""
    if "baseline" not in request.node.name:
        monkeypatch.setattr(cg.Task, "baselines", lambda self: None)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def write(path: Path, rows: list[tuple[Any, ...]], *header: str) -> Path:
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([header, *rows])
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    """Words of the letters that their kind has, longer with the size."""
    draw, rows = random.Random(0), []
    for _ in range(240):
        kind = draw.choice(list(LETTERS))
        size = draw.randint(1, 6)
        rows.append(("".join(draw.choices(LETTERS[kind], k=size)), kind, size))
    return write(tmp_path_factory.mktemp("data") / "words.csv", rows, "word", "kind", "size")


def recipe(**tables: dict[str, Any]) -> Recipe:
    return Recipe.parse({
        "task": {"kind": "conditional_generation", "text_column": "word", "condition_columns": ["kind"]},
        "network": {"cell": "gru", "hidden_size": 12, "embedding_size": 8, "dropout": 0.2},
        "training": {
            "device": "cpu", "precision": "float32", "batch_size": 16, "max_steps": 60, "learning_rate": 0.01,
            "evaluate_every": 20, "checkpoint_every": 10, "patience": 0, "test_fraction": 0.2,
        },
        "sampling": {"every": 30, "temperatures": [0.5], "length": 20},
    }).replacing(**tables)  # fmt: skip


def opened(file: Path, tmp_path: Path, **tables: dict[str, Any]) -> cg.Task:
    given = defaults.fill_task(recipe(**tables))
    task = cg.Task(given, Sources(file), tmp_path / "data", lambda: None)
    task.begin(defaults.fill(given.replacing(task=task.recipe.to_dict()["task"]), task.facts))
    torch.manual_seed(1)
    return task


def run(out: Path, file: Path, stop_at: int | None = None, resume: bool = False, **tables: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def stop() -> bool:
        return stop_at is not None and bool(found) and found[-1]["step"] >= stop_at

    for event in train(recipe(**tables), file, out, resume=resume, should_stop=stop):
        found.append(event)
    return found


def test_conditions_are_guessed(tmp_path):
    rows = [(f"name{number % 37}{'abc'[number % 3]}", "Irish" if number % 2 else "Greek") for number in range(100)]
    path = write(tmp_path / "names.csv", rows, "name", "origin")
    given = Recipe.parse({"task": {"kind": "conditional_generation"}})
    task = cg.Task(defaults.fill_task(given), Sources(path), tmp_path / "data", lambda: None)
    assert (task.recipe.task.text_column, task.recipe.task.condition_columns) == ("name", ["origin"])
    shares = [task.given[name][0].mean() for name in ("train", "valid")]
    assert shares[0] == pytest.approx(shares[1], abs=0.05), "each label has its share in every part"


@pytest.mark.parametrize("cell", catalog.CELLS)
def test_no_figure_depends_on_the_batch(file, tmp_path, cell):
    task = opened(file, tmp_path, task={"condition_columns": ["kind", "size"]}, network={"cell": cell})
    forward = Forward(task.network().eval(), "plain")
    losses = [
        cg.losses_of(forward, task.targets["train"], task.given["train"], CPU, lambda: None, size)
        for size in (1, 7, 64)
    ]
    for other in losses[1:]:
        np.testing.assert_allclose(other, losses[0], atol=1e-5, rtol=1e-6)


def test_the_loss_is_the_mean_over_tokens_with_their_ends(file, tmp_path):
    task = opened(file, tmp_path, task={"condition_columns": ["kind", "size"]})
    network = task.network().eval()
    found = task.evaluate(Forward(network, "plain"), "valid", CPU, lambda: None)
    totals, count = [0.0, 0.0], 0
    for target, label, number in zip(task.targets["valid"], *task.given["valid"], strict=True):
        assert target[-1] == END
        inputs = torch.tensor([START, *target[:-1]]).unsqueeze(1)
        for place, (one, other) in enumerate(((label, number), (0 * label, number * np.nan))):
            scores, _ = network(inputs, torch.tensor(one[None]), torch.tensor(other[None]))
            chosen = scores[:, 0].log_softmax(1)[torch.arange(len(target)), torch.tensor(target)]
            totals[place] -= chosen.sum().item()
        count += len(target)
    assert found.loss == pytest.approx(totals[0] / count, abs=1e-5)
    assert found.metrics["loss_without_condition"] == pytest.approx(totals[1] / count, abs=1e-5)
    assert found.metrics["bits_per_character"] == pytest.approx(found.loss / math.log(2))
    assert found.metrics["perplexity"] == pytest.approx(math.exp(found.loss))


def test_a_tenth_of_the_conditions_is_taken_away():
    torch.manual_seed(0)
    labels, numbers = torch.ones(20_000, 1, dtype=torch.long), torch.zeros(20_000, 0)
    one, _ = cg.dropped(labels, numbers)
    assert (one == 0).float().mean().item() == pytest.approx(0.1, abs=0.01)
    some, rest = cg.dropped(labels.expand(-1, 2), torch.zeros(20_000, 1))
    gone = torch.cat([some == 0, rest.isnan()], 1).float()
    assert gone.mean(0).tolist() == pytest.approx([0.19] * 3, abs=0.01)
    assert gone.all(1).float().mean().item() == pytest.approx(0.1, abs=0.01)
    nothing, none = cg.dropped(torch.zeros(5, 0, dtype=torch.long), torch.zeros(5, 0))
    assert nothing.shape == none.shape == (5, 0)


def test_where_nothing_is_learned_every_condition_stands(file, tmp_path):
    """A checkpoint looks at the loss of its batch: that must not change the run's random numbers."""
    task = opened(file, tmp_path)
    forward = Forward(task.network().eval(), "plain")
    task.batches()
    before = torch.get_rng_state()
    loss, count, _ = task.loss(forward, np.arange(40), None, CPU)
    assert torch.equal(torch.get_rng_state(), before)
    nats = cg.losses_of(forward, task.targets["train"], task.given["train"], CPU, lambda: None)[:40].sum()
    assert loss.item() == pytest.approx(nats / count, rel=1e-5)


@pytest.mark.parametrize("columns", [["kind"], ["kind", "size"], []])
def test_a_stop_and_a_resume_change_no_bit(file, tmp_path, columns):
    tables = {"task": {"condition_columns": columns}}
    whole = run(tmp_path / "whole", file, **tables)
    first = run(tmp_path / "cut", file, stop_at=30, **tables)
    assert first[-1]["kind"] == "stopped" and 30 <= first[-1]["step"] < 60
    second = run(tmp_path / "cut", file, resume=True, **tables)
    weights = [(tmp_path / name / "last" / "model.safetensors").read_bytes() for name in ("whole", "cut")]
    assert weights[0] == weights[1]
    facts = [
        [{**event, "seq": 0, "at": 0} for event in without_rewound(found) if event["kind"] in ("evaluated", "sampled")]
        for found in (whole, first + second)
    ]
    assert facts[0] == facts[1]


@pytest.fixture(scope="module")
def trained(file, tmp_path_factory) -> Path:
    """It has seen enough to know which letters a kind has."""
    out = tmp_path_factory.mktemp("trained") / "run"
    body = recipe(
        task={"condition_columns": ["kind", "size"]}, network={"hidden_size": 32, "dropout": 0.0},
        training={"max_steps": 250, "evaluate_every": 250, "checkpoint_every": 250}, sampling={"every": 0},
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cg.Task, "baselines", lambda self: None)
        for _ in train(body, file, out):
            pass
    return out


def generated(capsys, *arguments: object) -> str:
    capsys.readouterr()
    assert main(["generate", *map(str, arguments)]) == 0
    return capsys.readouterr().out.rstrip("\n")


def test_a_label_gets_what_belongs_to_it(trained, capsys):
    for kind, letters in LETTERS.items():
        texts = [generated(capsys, trained, "--label", kind, "--seed", seed, "--temperature", 0.5) for seed in range(8)]
        right = sum(set(text) <= set(letters) for text in texts)
        assert right >= 7, texts
    assert generated(capsys, trained, "--label", "hums", "--seed", 3) == generated(
        capsys, trained, "--label", "hums", "--seed", 3
    )


def test_a_number_counts_too(trained, capsys):
    lengths = {
        size: np.mean([
            len(generated(capsys, trained, "--label", f"kind=hums,size={size}", "--seed", seed)) for seed in range(12)
        ])
        for size in (1, 6)
    }  # fmt: skip
    assert lengths[1] < 2.5 < 4 < lengths[6]


def test_a_prompt_and_a_length_hold(trained, capsys):
    assert len(generated(capsys, trained, "--label", "kind=vowels,size=6", "--seed", 1, "--length", 2)) <= 2
    text = generated(capsys, trained, "--label", "kind=vowels,size=6", "--prompt", "aei", "--seed", 2)
    assert set(text) <= set("aeiou")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--label", "Klingon"], "it knows"),
        (["--label", "kind=hums,colour=red"], "colour"),
        (["--label", "size=big"], "must be a number"),
        (["--prompt", "7"], "no token for '7'"),
    ],
)
def test_what_is_not_known_is_exit_2_and_one_line(trained, capsys, options, words):
    assert main(["generate", str(trained), *options]) == 2
    said = capsys.readouterr()
    assert words in said.err and said.err.count("\n") == 1 and not said.out


def test_the_condition_is_worth_something_and_is_told_by_label(trained, file, capsys):
    assert main(["evaluate", str(trained), "--data", str(file)]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["loss"] < figures["metrics"]["loss_without_condition"] - 0.2
    assert list(figures["baseline"]) == ["uniform"], "this run kept no records to count"
    report = json.loads((trained / "reports" / "test.json").read_text())
    assert {row["label"] for row in report["labels"]} == set(LETTERS)
    assert all(row["loss"] < row["loss_without_condition"] for row in report["labels"])
    assert {"worst", "random", "by_length"} <= report.keys()


def test_it_does_not_predict(trained, file, tmp_path, capsys):
    assert main(["predict", str(trained), "--data", str(file), "--out", str(tmp_path / "out.jsonl")]) == 2
    assert "writes and does not predict" in capsys.readouterr().err


def test_samples_are_told_by_label(file, tmp_path):
    found = [event for event in run(tmp_path / "run", file) if event["kind"] == "sampled"]
    assert {event["label"] for event in found} == set(LETTERS)
    assert all(event["temperature"] == 0.5 and len(event["text"]) <= 20 for event in found)
    alone = run(tmp_path / "alone", file, task={"condition_columns": []}, training={"max_steps": 2})
    assert {event["label"] for event in alone if event["kind"] == "sampled"} == {""}
    assert "loss_without_condition" not in next(event for event in alone if event["kind"] == "evaluated")["metrics"]


def test_baselines_are_an_n_gram_over_records(file, tmp_path):
    out = tmp_path / "run"
    found = {event["name"]: event for event in run(out, file) if event["kind"] == "baseline"}
    assert {"uniform", "unigram"} < found.keys() and any("gram" in name for name in found)
    task = opened(file, tmp_path)
    tokens = np.concatenate(task.targets["valid"])
    letters = np.concatenate(task.targets["train"])
    assert found["uniform"]["loss"] == pytest.approx(math.log(task.text.vocabulary.size - 2))
    # a unigram by hand, smoothed as Kneser-Ney does, lies near the plain one
    counts = np.bincount(letters, minlength=task.text.vocabulary.size)
    plain = -np.log(counts[tokens] / counts.sum()).mean()
    assert found["unigram"]["loss"] == pytest.approx(plain, rel=0.02)
    assert found["unigram"]["metrics"]["bits_per_character"] == pytest.approx(found["unigram"]["loss"] / math.log(2))
    evaluated = cg.Model(out / "best").evaluate(file, out)
    assert set(evaluated["baseline"]) == set(found)


def test_what_the_baselines_of_records_count():
    train = np.array([1, 2, 3, 1, 2, 3, 1, 2, 2, 1] * 30, np.int32)
    found = {baseline.name: baseline.loss for baseline in baselines.of_records(train, train[:41], 4, 50)}
    assert found["uniform"] == pytest.approx(math.log(4))
    assert min(found.values()) < found["unigram"] < found["uniform"]
    (only,) = baselines.of_records(None, train[:41], 4, 50)
    assert only.metrics["bits_per_character"] == pytest.approx(math.log2(4) * 40 / 50)


def test_a_label_that_was_never_seen_names_its_line(file, tmp_path):
    other = write(tmp_path / "other.csv", [("aei", "vowels", 3), ("qqq", "queues", 3)], "word", "kind", "size")
    with pytest.raises(DataError, match=r"'queues'.*valid part") as raised:
        cg.Task(defaults.fill_task(recipe()), Sources(file, valid=other), tmp_path / "data", lambda: None)
    assert raised.value.line == 3


def test_a_bidirectional_network_cannot_write(file):
    with pytest.raises(RecipeError, match=r"network\.bidirectional"):
        recipe(network={"bidirectional": True})


def test_records_one_after_the_other():
    stream = cg.stream([np.array([4, 5, END]), np.array([1, END])])
    assert stream.tolist() == [1, 2, 3, 1, 0, 1]


def test_what_a_label_costs_with_and_without():
    rows = cg.by_label(["a", "b", "a"], np.array([2.0, 9.0, 4.0]), np.array([6.0, 9.0, 6.0]), np.array([2, 3, 1]))
    assert rows == [
        {"label": "a", "records": 2, "loss": 2.0, "loss_without_condition": 4.0},
        {"label": "b", "records": 1, "loss": 3.0, "loss_without_condition": 3.0},
    ]


def test_the_same_conditions_are_in_the_model(trained):
    description = json.loads((trained / "best" / "network.json").read_text())
    assert [item.column for item in Conditions.from_list(description["conditions"]).items] == ["kind", "size"]
