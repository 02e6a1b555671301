"""Tagging from a file to its answers."""

from __future__ import annotations

import json
import math
import random

import numpy as np
import pytest
import torch

from rnncore import catalog
from rnncore.errors import DataError, PromptError
from rnncore.tasks.sentences import NO_TAG
from rnncore.tasks.tagged import Frequencies
from rnncore.tasks.tagging import Model
from tests.rnncore.tasks import answering
from tests.rnncore.tasks.answering import opened, recipe, run

one_thread = pytest.fixture(autouse=True)(answering.one_thread)
KIND = {"a": "DET", "the": "DET", "cat": "NOUN", "dog": "NOUN", "sees": "VERB", "hears": "VERB"}


def sentences(count=80):
    draw = random.Random(0)
    return [draw.choices(list(KIND), k=draw.randint(1, 8)) for _ in range(count)]


def write(path, records):
    path.write_text("\n".join(json.dumps({"tokens": words, "tags": tags}) for words, tags in records))
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return write(tmp_path_factory.mktemp("data") / "t.jsonl", [(s, [KIND[word] for word in s]) for s in sentences()])


@pytest.mark.parametrize("crf", [False, True])
def test_it_learns_and_answers_through_the_command_line(file, tmp_path, capsys, crf):
    asked = recipe("tagging", task={"crf": crf}, network={"character_size": 8, "dropout": 0.0})
    outputs, figures = answering.from_file_to_answers(asked, file, tmp_path, capsys)
    assert [output["tags"] for output in outputs] == [[KIND[word] for word in s] for s in sentences()]
    assert all(0 < p <= 1 + 1e-6 for output in outputs for p in output["probabilities"])
    assert figures["metrics"]["accuracy"] == 1 and {*figures["baseline"]} == {"most frequent tag"}


@pytest.mark.parametrize("crf", [False, True])
def test_no_figure_depends_on_the_batch(file, tmp_path, monkeypatch, crf):
    asked = recipe("tagging", task={"crf": crf}, network={"character_size": 5})
    answering.no_figure_depends_on_the_batch(asked, file, tmp_path, monkeypatch)


def test_a_stop_and_a_resume_change_no_bit(file, tmp_path):
    asked = recipe("tagging", network={"character_size": 5, "dropout": 0.3})
    answering.a_stop_and_a_resume_change_no_bit(asked, file, tmp_path)


@pytest.mark.parametrize("cell", catalog.CELLS)
@pytest.mark.parametrize("character_size", [0, 5])
def test_padding_is_never_seen(file, tmp_path, cell, character_size):
    network = {"cell": cell, "character_size": character_size, "num_layers": 2}
    task = opened(recipe("tagging", network=network), file, tmp_path)
    torch.manual_seed(1)
    net, some = task.network().eval().double(), range(6)
    part = task.sentences["train"]
    words, forms, spelled, lengths = task.speller.batch(part, some, torch.device("cpu"))
    wide = torch.cat([spelled, torch.zeros(len(spelled), 3, dtype=torch.long)], 1)
    with torch.no_grad():
        scores = net(words, forms, wide, lengths)[0]
        for place in some:
            alone = net(*task.speller.batch(part, [place], torch.device("cpu")))[0]
            assert torch.allclose(scores[: lengths[place], place], alone[:, 0], atol=1e-10)


def test_a_text_is_cut_into_words(file, tmp_path):
    run(recipe("tagging", network={"character_size": 5}), file, tmp_path / "run")
    model = Model(tmp_path / "run" / "best")
    (one, other) = model.predict(["The cat, well-fed, doesn't.", {"tokens": ["a", "dog"]}])
    assert one["tokens"] == ["The", "cat", ",", "well-fed", ",", "doesn't", "."] and len(one["tags"]) == 7
    assert other["tokens"] == ["a", "dog"] and other["tags"] == ["DET", "NOUN"]
    with pytest.raises(PromptError, match=r"inputs.2"):
        model.predict(["a", []])


def test_more_tags_than_words_are_told_with_the_line(file, tmp_path):
    records = [(s, [KIND[word] for word in s]) for s in sentences(20)]
    path = write(tmp_path / "bad.jsonl", [*records, (["a"], ["DET", "X"])])
    with pytest.raises(DataError, match="1 words and 2 tags in 'tags'") as caught:
        opened(recipe("tagging"), path, tmp_path)
    assert caught.value.line == 21


def test_a_tag_that_was_never_learned_is_an_error_and_no_crash(file, tmp_path):
    other = write(tmp_path / "valid.jsonl", [(["a", "cat"], ["DET", "STRANGE"]), (["the"], ["DET"])])
    for crf in (False, True):
        asked = recipe("tagging", task={"crf": crf})
        task = opened(asked, file, tmp_path, valid=other)
        assert task.targets["valid"][0].tolist()[1] == NO_TAG
        from rnncore.train.precision import Forward

        network = task.network().eval()
        found = task.evaluate(Forward(network, "plain"), "valid", torch.device("cpu"), lambda: None)
        assert math.isfinite(found.loss) and found.metrics["accuracy"] <= 2 / 3 and found.report["unknown_tags"] == 1


def test_a_sentence_that_a_chain_cannot_score_counts_in_no_mean(file, tmp_path):
    from rnncore.train.precision import Forward

    asked, found = recipe("tagging", task={"crf": True}), []
    for name, more in (("one", []), ("two", [(["a", "cat", "dog"], ["DET", "STRANGE", "NOUN"])])):
        task = opened(asked, file, tmp_path, valid=write(tmp_path / f"{name}.jsonl", [(["the"], ["DET"]), *more]))
        torch.manual_seed(1)
        forward = Forward(task.network().eval(), "plain")
        found.append(task.evaluate(forward, "valid", torch.device("cpu"), lambda: None).loss)
    assert found[0] == pytest.approx(found[1])


def test_unseen_words_and_spans_have_their_figures(tmp_path):
    train = [(["Ann", "saw", "Bob"], ["B-PER", "O", "B-PER"]), (["it", "rained"], ["O", "O"])] * 10
    path = write(tmp_path / "t.jsonl", train)
    other = write(tmp_path / "v.jsonl", [(["Eve", "saw", "Bob"], ["B-PER", "O", "B-PER"])])
    events = list(answering.train(recipe("tagging"), path, tmp_path / "run", valid=other))
    metrics = [event for event in events if event["kind"] == "evaluated"][-1]["metrics"]
    assert set(metrics) == {"accuracy", "unseen_accuracy", "span_precision", "span_recall", "span_f1"}
    baseline = next(event for event in events if event["kind"] == "baseline")
    assert baseline["metrics"] == pytest.approx(
        {"accuracy": 2 / 3, "unseen_accuracy": 0.0, "span_precision": 1.0, "span_recall": 0.5, "span_f1": 2 / 3}
    )


def test_the_most_frequent_tag_by_hand():
    known = Frequencies.of([["a", "b"], ["a", "a"]], [np.array([0, 1]), np.array([1, 0])], 2)
    found = known.baseline([["A", "c"]], [np.array([0, 1])], ["X", "Y"])
    overall = [3 / 6, 3 / 6]
    assert found.loss == pytest.approx(-(math.log((2 + overall[0]) / 4) + math.log(overall[1])) / 2)
    assert found.metrics == {"accuracy": 0.5, "unseen_accuracy": 0.0}


def test_seldom_words_are_sometimes_unknown_while_learning_only(file, tmp_path):
    task = opened(recipe("tagging"), file, tmp_path)
    counts = task.counts["cat"]
    assert task.replaced[task.speller.words.encode("cat")[0]].item() == pytest.approx(0.25 / (0.25 + counts))
    assert task.replaced[:4].sum() == 0
