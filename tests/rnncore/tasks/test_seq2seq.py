"""Sequence to sequence from a file to its answers."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rnncore import catalog
from rnncore.__main__ import main
from rnncore.data.vocabulary import END
from rnncore.errors import DataError, PromptError, RecipeError
from rnncore.events import without_rewound
from rnncore.recipe import Recipe
from rnncore.tasks import Sources, answers, seq2seq
from rnncore.tasks.answers import Limits
from rnncore.text_metrics import Text
from rnncore.train.loop import train
from rnncore.train.precision import Forward

CPU = torch.device("cpu")
LETTERS = "abcdefg"


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def records(count: int = 120) -> list[tuple[str, str]]:
    """Words and their letters backwards, named; some words have a second answer."""
    draw, rows = random.Random(0), []
    for word in dict.fromkeys("".join(draw.choices(LETTERS, k=draw.randint(2, 7))) for _ in range(count)):
        named = " ".join(f"{letter.upper()}1" for letter in reversed(word))
        rows.append((word, named))
        if draw.random() < 0.2:
            rows.append((word, named + " Z9"))
    return rows


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "words.csv"
    write(path, records())
    return path


def write(path: Path, rows: list[tuple[str, str]]) -> None:
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([("word", "phonemes"), *rows])


def recipe(**tables: dict[str, Any]) -> Recipe:
    return Recipe.parse({
        "task": {"kind": "seq2seq", "beam_size": 3},
        "network": {"cell": "gru", "hidden_size": 12, "embedding_size": 8, "dropout": 0.2},
        "training": {
            "device": "cpu", "precision": "float32", "batch_size": 16, "max_steps": 60, "learning_rate": 0.01,
            "evaluate_every": 20, "checkpoint_every": 10, "patience": 0, "test_fraction": 0.2,
        },
        "sampling": {"every": 30},
    }).replacing(**tables)  # fmt: skip


def opened(file: Path, tmp_path: Path, **tables: dict[str, Any]) -> seq2seq.Task:
    from rnncore import defaults

    given = defaults.fill_task(recipe(**tables))
    task = seq2seq.Task(given, Sources(file), tmp_path / "data", lambda: None)
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


def test_the_columns_and_tokens_are_found(file, tmp_path):
    task = opened(file, tmp_path).recipe.task
    assert (task.source_column, task.target_column) == ("word", "phonemes")
    assert (task.tokens, task.target_tokens) == ("char", "word")


def test_all_answers_of_a_source_stand_in_one_part(file, tmp_path):
    task = opened(file, tmp_path)
    parts = [set(part.column("word")) for part in task.parts.values()]
    assert len(parts) == 3 and not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    asked = [question for name in task.parts for question in task._questions(name)]
    assert max(len(question.references) for question in asked) == 2
    assert sum(len(question.records) for question in asked) == sum(map(len, task.parts.values()))


@pytest.mark.parametrize("cell", catalog.CELLS)
def test_no_figure_depends_on_the_batch(file, tmp_path, cell):
    task = opened(file, tmp_path, network={"cell": cell})
    network = task.network().eval()
    sources, targets = task.sources["train"], task.targets["train"]
    losses, decoded = [], []
    for size in (1, 7, 64):
        losses.append(seq2seq.losses_of(Forward(network, "plain"), sources, targets, CPU, lambda: None, size))
        decoded.append(answers.decode(network, sources[:30], task.limits, 3, CPU, lambda: None, size))
    for other, found in zip(losses[1:], decoded[1:], strict=True):
        np.testing.assert_allclose(other, losses[0], atol=1e-5, rtol=1e-6)
        assert [some[0].tokens for some in found] == [some[0].tokens for some in decoded[0]]
        for one, first in zip(found, decoded[0], strict=True):
            assert [x.log_probability for x in one] == pytest.approx([x.log_probability for x in first], abs=1e-4)


def test_the_loss_is_the_mean_over_target_tokens_with_their_ends(file, tmp_path):
    task = opened(file, tmp_path)
    network = task.network().eval()
    found = task.evaluate(Forward(network, "plain"), "valid", CPU, lambda: None)
    total = count = 0.0
    for source, target in zip(task.sources["valid"], task.targets["valid"], strict=True):
        assert target[-1] == END
        inputs = torch.tensor([2, *target[:-1]]).unsqueeze(1)
        scores, _ = network(torch.tensor(source).unsqueeze(1), torch.tensor([len(source)]), inputs)
        total -= scores[:, 0].log_softmax(1)[torch.arange(len(target)), torch.tensor(target)].sum().item()
        count += len(target)
    assert found.loss == pytest.approx(total / count, abs=1e-5)


def test_less_and_less_of_the_truth_is_read(file, tmp_path):
    """And none of it is drawn for where nothing is learned."""
    task = opened(file, tmp_path, task={"teacher_forcing": 0.25})
    network, batch = task.network(), np.arange(16)
    task.batches()
    shares = []

    class Watched:
        def __init__(self) -> None:
            self.network = network

        def __call__(self, *inputs: Any) -> Any:
            shares.append(1.0 if inputs[3] is None else inputs[3].float().mean().item())
            return network(*inputs)

    for done in (0.0, 0.5, 1.0):
        task.done = done
        for _ in range(8):
            task.loss(Watched(), batch, None, CPU)
    assert np.mean(shares[:8]) == 1
    assert np.mean(shares[8:16]) == pytest.approx(0.625, abs=0.05)
    assert np.mean(shares[16:]) == pytest.approx(0.25, abs=0.05)
    network.eval()
    before = torch.get_rng_state()
    task.loss(Watched(), batch, None, CPU)
    assert torch.equal(torch.get_rng_state(), before) and shares[-1] == 1


def test_validation_answers_some_greedily_and_a_test_all_by_beam(file, tmp_path, monkeypatch):
    monkeypatch.setattr(answers.some, "__defaults__", (5,))
    task, asked = opened(file, tmp_path), []
    decode = answers.decode

    def watched(network: Any, sources: Any, limits: Any, beam_size: int, *more: Any) -> Any:
        asked.append((len(sources), beam_size))
        return decode(network, sources, limits, beam_size, *more)

    monkeypatch.setattr(answers, "decode", watched)
    forward = Forward(task.network().eval(), "plain")
    for split in ("valid", "test"):
        task.evaluate(forward, split, CPU, lambda: None)
    assert asked == [(5, 1), (len(task._questions("test")), 3)]


def test_the_share_of_the_truth_falls_while_it_trains(file, tmp_path):
    for share in (1.0, 0.0):
        run(tmp_path / str(share), file, task={"teacher_forcing": share}, training={"max_steps": 6})
    one, other = ((tmp_path / name / "last" / "model.safetensors").read_bytes() for name in ("1.0", "0.0"))
    assert one != other


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_stop_and_a_resume_change_no_bit(file, tmp_path, share):
    tables = {"task": {"teacher_forcing": share}}
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


def test_from_file_to_answers_through_the_command_line(file, tmp_path, capsys):
    (tmp_path / "recipe.json").write_text(json.dumps(recipe().to_dict()))
    out = tmp_path / "run"
    assert main(["train", str(tmp_path / "recipe.json"), "--data", str(file), "--out", str(out)]) == 0
    assert main(["predict", str(out), "--data", str(file), "--out", str(tmp_path / "out.jsonl")]) == 0
    outputs = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert len(outputs) == len(records())
    for output, (word, _) in zip(outputs, records(), strict=True):
        assert output["source_tokens"] == list(word)
        assert output["text"] == " ".join(output["output_tokens"]) == output["alternatives"][0]["text"]
        assert np.array(output["attention"]).shape == (len(output["output_tokens"]), len(word)) or not output["text"]
        assert 1 <= len(output["alternatives"]) <= 3
        assert all(0 < other["probability"] <= 1 for other in output["alternatives"])
    capsys.readouterr()
    assert main(["evaluate", str(out), "--data", str(file)]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert set(figures["metrics"]) == {
        "token_accuracy", "exact_match", "edit_distance", "word_error_rate", "bleu", "chrf",
    }  # fmt: skip
    assert figures["metrics"]["word_error_rate"] == pytest.approx(1 - figures["metrics"]["exact_match"])
    assert figures["baseline"]["copy the source"] > 0
    report = json.loads((out / "reports" / "test.json").read_text())
    assert {"worst", "random", "by_length", "attention"} <= report.keys()
    for matrix in report["attention"]:
        assert len(matrix["weights"]) == len(matrix["output"])
        assert all(sum(row) == pytest.approx(1, abs=1e-3) for row in matrix["weights"])
    assert main(["generate", str(out)]) == 2


def test_it_learns(tmp_path):
    draw = random.Random(1)
    rows = [(word, word[::-1]) for word in ("".join(draw.choices("abcd", k=3)) for _ in range(400))]
    write(tmp_path / "reverse.csv", rows)
    found = run(
        tmp_path / "run", tmp_path / "reverse.csv", network={"hidden_size": 32, "dropout": 0.0},
        training={"max_steps": 300, "evaluate_every": 300, "batch_size": 32}, task={"target_tokens": "char"},
    )  # fmt: skip
    evaluated = next(event for event in found if event["kind"] == "evaluated" and event["split"] == "test")
    assert evaluated["metrics"]["exact_match"] > 0.9
    baseline = next(event for event in found if event["kind"] == "baseline")
    assert baseline["name"] == "copy the source" and baseline["metrics"]["exact_match"] < 0.5
    assert evaluated["loss"] < baseline["loss"]


@pytest.fixture(scope="module")
def model(file, tmp_path_factory) -> seq2seq.Model:
    out = tmp_path_factory.mktemp("model") / "run"
    run(out, file, training={"max_steps": 80, "learning_rate": 0.03}, sampling={"every": 0})
    return seq2seq.Model(out / "best")


def test_options_of_a_prediction(model):
    (greedy,) = model.predict(["abc"], beam_size=1)
    (wide,) = model.predict([{"word": "abc"}], beam_size=4)
    (two,) = model.predict([["a", "b", "c"]], beam_size=4, alternatives=2)
    assert len(greedy["alternatives"]) == 1
    assert [other["text"] for other in wide["alternatives"][:2]] == [other["text"] for other in two["alternatives"]]
    scores = [other["score"] for other in wide["alternatives"]]
    assert scores == sorted(scores, reverse=True)
    assert wide["text"] == two["text"]


@pytest.mark.parametrize(
    ("item", "words"),
    [("", "inputs.1.*empty"), ({"text": "a"}, "inputs.1.*'word'"), (5, "inputs.1.*text"), ([1], "list")],
)
def test_an_input_that_cannot_be_read_is_named(model, item, words):
    with pytest.raises(PromptError, match=words):
        model.predict([item])


@pytest.mark.parametrize(("name", "value"), [("beam_size", 0), ("beam_size", 65), ("alternatives", 0)])
def test_an_option_out_of_bounds_is_named(model, name, value):
    with pytest.raises(PromptError, match=f"^{name}"):
        model.predict(["a"], **{name: value})


def test_attention_does_not_depend_on_who_is_beside(model):
    words = ["abc", "a", "gfedcba", "bb"]
    together = model.predict(words)
    for word, output in zip(words, together, strict=True):
        (alone,) = model.predict([word])
        assert alone["text"] == output["text"]
        assert np.shape(output["attention"]) == (len(output["output_tokens"]), len(word))
        np.testing.assert_allclose(output["attention"], alone["attention"], atol=2e-5)
        np.testing.assert_allclose(np.sum(output["attention"], 1), 1, atol=1e-3)


def test_letters_and_words_that_were_never_seen_are_unknown_not_wrong(model):
    (output,) = model.predict(["xyz"])
    assert output["source_tokens"] == ["x", "y", "z"]


def test_the_limit_grows_with_sources_that_are_longer_than_all_seen():
    limits = Limits(source=5, target=10)
    assert (limits.of(1), limits.of(5), limits.of(10)) == (20, 20, 40)


def test_copying_the_source():
    asked = [
        answers.Question([0], "a b", [Text("a b", ["a", "b"])]),
        answers.Question([1], "a b", [Text("b", ["b"]), Text("a", ["a"])]),
    ]
    from rnncore.data.vocabulary import Vocabulary

    baseline = answers.copied(asked, Vocabulary("word", ["a", "b"]))
    assert baseline.metrics["exact_match"] == 0.5
    # of 3 + 2 + 2 reference tokens, ends among them, 3 + 0 + 1 stand where the source has them
    share = 5 / 9
    assert baseline.loss == pytest.approx(-(share * np.log(share) + (1 - share) * np.log((1 - share) / 5)))


def test_what_is_wrong_with_a_recipe_or_a_file_is_said(file, tmp_path):
    with pytest.raises(RecipeError, match=r"task.source_column.*'wrd'"):
        opened(file, tmp_path, task={"source_column": "wrd"})
    write(tmp_path / "few.csv", [("a", "b"), ("c", ""), ("", "d")])
    with pytest.raises(DataError, match="1 complete records"):
        opened(tmp_path / "few.csv", tmp_path)


def test_lists_of_tokens_are_read_too(tmp_path):
    path = tmp_path / "lists.jsonl"
    rows = [{"source": list(word), "target": named.split()} for word, named in records(60)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = run(tmp_path / "run", path, training={"max_steps": 4, "test_fraction": 0.0})
    assert found[-1]["kind"] == "finished"
    (output,) = seq2seq.Model(tmp_path / "run" / "best").predict([["a", "b"]])
    assert output["source_tokens"] == ["a", "b"]


def test_without_attention_there_is_no_matrix(file, tmp_path):
    run(tmp_path / "run", file, task={"attention": "none"}, training={"max_steps": 4})
    (output,) = seq2seq.Model(tmp_path / "run" / "best").predict(["abc"])
    assert "attention" not in output
    assert json.loads((tmp_path / "run/reports/test.json").read_text())["attention"] == []
