"""Classification from a file to its answers."""

from __future__ import annotations

import csv
import json
import math
import random

import numpy as np
import pytest
import torch

from rnncore import catalog
from rnncore.data.buckets import pad
from rnncore.errors import DataError, PromptError
from rnncore.tasks import classification
from rnncore.tasks.classification import Model, majority
from tests.rnncore.tasks import answering
from tests.rnncore.tasks.answering import opened, recipe, run

LABELS = ("cold", "warm")
QUICK = recipe(
    "classification", network={"dropout": 0.0, "hidden_size": 16, "embedding_size": 16},
    training={"max_steps": 150, "evaluate_every": 50},
)  # fmt: skip
one_thread = pytest.fixture(autouse=True)(answering.one_thread)


def rows(count=80):
    draw, found = random.Random(0), []
    words = {"cold": ["ice", "snow", "frost"], "warm": ["sun", "fire", "sand"]}
    for _ in range(count):
        label = draw.choice(LABELS)
        around = draw.choices(["the", "a", "of", "and"], k=draw.randint(3, 9))
        around.insert(draw.randrange(len(around)), draw.choice(words[label]))
        found.append((" ".join(around), label))
    return found


def write(path, records, header=("text", "label")):
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([header, *records])
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return write(tmp_path_factory.mktemp("data") / "words.csv", rows())


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """Two waves that differ in their length and their rhythm."""
    path = tmp_path_factory.mktemp("data") / "waves.jsonl"
    records = [
        {"wave": [math.sin(step * (0.3 + 0.5 * (row % 2))) for step in range(5 + row % 7)], "kind": "ab"[row % 2]}
        for row in range(60)
    ]
    path.write_text("\n".join(map(json.dumps, records)))
    return path


def test_it_learns_and_answers_through_the_command_line(file, tmp_path, capsys):
    outputs, figures = answering.from_file_to_answers(QUICK, file, tmp_path, capsys)
    right = sum(output["label"] == label for output, (_, label) in zip(outputs, rows(), strict=True))
    assert right >= 76 and figures["metrics"]["accuracy"] == right / 80
    assert all(sum(output["probabilities"].values()) == pytest.approx(1) for output in outputs)
    assert {*figures["baseline"]} == {"majority class"} and set(figures["metrics"]) == {"accuracy", "macro_f1"}


@pytest.mark.parametrize("pooling", catalog.POOLINGS)
def test_no_figure_depends_on_the_batch(file, tmp_path, monkeypatch, pooling):
    asked = recipe("classification", task={"pooling": pooling})
    answering.no_figure_depends_on_the_batch(asked, file, tmp_path, monkeypatch)


def test_a_stop_and_a_resume_change_no_bit(file, tmp_path):
    answering.a_stop_and_a_resume_change_no_bit(recipe("classification", network={"dropout": 0.3}), file, tmp_path)


def test_series_of_numbers_are_read_scaled(series, tmp_path):
    task = opened(recipe("classification"), series, tmp_path)
    values = np.concatenate(task.sequences["train"])
    assert values.mean() == pytest.approx(0, abs=1e-6) and values.std() == pytest.approx(1, abs=1e-6)
    events = run(recipe("classification"), series, tmp_path / "run")
    assert [event for event in events if event["kind"] == "evaluated"][-1]["metrics"]["accuracy"] > 0.9
    model = Model(tmp_path / "run" / "best")
    asked = [[math.sin(step * 0.3) for step in range(9)], {"wave": [math.sin(step * 0.8) for step in range(9)]}]
    assert [output["label"] for output in model.predict(asked)] == ["a", "b"]


@pytest.mark.parametrize("cell", catalog.CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("pooling", catalog.POOLINGS)
def test_padding_is_never_seen(file, tmp_path, cell, bidirectional, pooling):
    network = {"cell": cell, "bidirectional": bidirectional, "num_layers": 2}
    task = opened(recipe("classification", task={"pooling": pooling}, network=network), file, tmp_path)
    torch.manual_seed(1)
    net = task.network().eval().double()
    some = task.sequences["train"][:5]
    together, lengths = pad(some)
    wider = np.concatenate([together, np.full((4, 5), 7)])
    with torch.no_grad():
        scores = net(torch.from_numpy(wider), torch.from_numpy(lengths))[0]
        for place, one in enumerate(some):
            alone = net(torch.from_numpy(one[:, None]), torch.tensor([len(one)]))[0]
            assert torch.allclose(scores[place], alone[0], atol=1e-10)


def test_what_mattered_is_told(file, tmp_path):
    run(QUICK, file, tmp_path / "run")
    (output,) = Model(tmp_path / "run" / "best").predict(["the snow of a and"], explain=True)
    weights = {item["token"]: item["weight"] for item in output["tokens"]}
    assert output["label"] == "cold" and max(weights, key=weights.get) == "snow"


@pytest.mark.parametrize(
    ("item", "said"),
    [("", "inputs.1: text is empty"), ({"x": "a"}, "inputs.1: has no 'text'"), (3, "inputs.1: text must be a text"),
     ("   ", "inputs.1: text has no token")],
)  # fmt: skip
def test_an_input_that_cannot_be_read_is_named(file, tmp_path, item, said):
    run(recipe("classification", training={"max_steps": 2}), file, tmp_path / "run")
    with pytest.raises(PromptError, match=said):
        Model(tmp_path / "run" / "best").predict([item])


def test_a_label_that_only_the_test_file_has_is_told_with_its_line(file, tmp_path):
    other = write(tmp_path / "test.csv", [("the snow", "cold"), ("the end", "tepid")])
    with pytest.raises(DataError, match="'tepid' of the test part is not in the training part") as caught:
        opened(recipe("classification"), file, tmp_path, test=other)
    assert caught.value.line == 3


def test_a_file_without_the_column_is_told(file, tmp_path):
    other = write(tmp_path / "valid.csv", [("the snow", "cold")] * 2, header=("words", "label"))
    with pytest.raises(DataError, match=r"valid.csv has no column 'text'; it has 'words', 'label'"):
        opened(recipe("classification"), file, tmp_path, valid=other)


@pytest.mark.parametrize(
    ("labels", "said"), [(["a"] * 40, "every record has the label 'a'"), ([f"l{n}" for n in range(40)], "at most 30")]
)
def test_one_class_and_far_too_many_are_refused(tmp_path, monkeypatch, labels, said):
    monkeypatch.setattr(classification, "MOST_CLASSES", 30)
    path = write(tmp_path / "t.csv", [(f"text {n} of it", label) for n, label in enumerate(labels)])
    with pytest.raises(DataError, match=said):
        opened(recipe("classification", task={"label_column": "label", "text_column": "text"}), path, tmp_path)


def test_groups_stay_together(tmp_path):
    path = write(
        tmp_path / "t.csv", [(text, label, f"g{n // 4}") for n, (text, label) in enumerate(rows())],
        header=("text", "label", "who"),
    )  # fmt: skip
    task = opened(recipe("classification", task={"group_column": "who"}), path, tmp_path)
    train, valid = ({*task.parts[name].column("who")} for name in ("train", "valid"))
    assert train and valid and not train & valid


def test_the_majority_class_by_hand():
    found = majority([3, 1], np.array([0, 0, 1, 0]))
    assert found.metrics["accuracy"] == 0.75 and found.metrics["macro_f1"] == pytest.approx((6 / 7 + 0) / 2)
    assert found.loss == pytest.approx(-(3 * math.log(4 / 6) + math.log(2 / 6)) / 4)
