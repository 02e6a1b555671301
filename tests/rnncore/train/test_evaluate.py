"""Measuring a finished model on another text."""

from __future__ import annotations

import math
import shutil

import pytest

from rnncore.errors import CheckpointError, DataError, RequestError
from rnncore.train.evaluate import evaluate
from tests.rnncore.train.conftest import of_kind, run, tiny


@pytest.fixture(scope="module")
def trained(text, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained") / "run"
    run(tiny(training={"max_steps": 20}), text, out)
    return out


def test_a_run_is_measured_beside_the_baselines_of_its_training(trained, text):
    found = evaluate(trained, text)
    assert found.keys() >= {"loss", "metrics", "baseline"}
    assert found["metrics"]["bits_per_character"] == pytest.approx(found["loss"] / math.log(2))
    assert found["metrics"]["perplexity"] == pytest.approx(math.exp(found["loss"]))
    assert {"uniform", "unigram"} < found["baseline"].keys() and len(found["baseline"]) == 3


def test_it_is_the_loss_that_the_run_states(text, tmp_path):
    other = tmp_path / "valid.txt"
    other.write_text(text.read_text()[-700:])
    events = run(tiny(training={"max_steps": 20}), text, tmp_path / "run", valid=other)
    best = min(event["loss"] for event in of_kind(events, "evaluated"))
    assert evaluate(tmp_path / "run", other)["loss"] == pytest.approx(best, rel=1e-6)


def test_a_model_alone_knows_the_uniform_baseline(trained, text, tmp_path):
    model = shutil.copytree((trained / "best").resolve(), tmp_path / "model")
    for name in ("state.json", "state.safetensors"):
        (model / name).unlink()
    found = evaluate(model, text)
    assert found["loss"] == evaluate(trained, text)["loss"] and list(found["baseline"]) == ["uniform"]


def test_characters_the_model_does_not_know_are_named(trained, tmp_path):
    (tmp_path / "other.txt").write_text("日本語のテキスト")
    with pytest.raises(DataError, match=r"other\.txt.*日"):
        evaluate(trained, tmp_path / "other.txt")


def test_no_model_and_half_a_model(trained, text, tmp_path):
    with pytest.raises(RequestError, match="no model"):
        evaluate(tmp_path, text)
    model = shutil.copytree((trained / "best").resolve(), tmp_path / "model")
    (model / "model.safetensors").write_bytes(b"x")
    with pytest.raises(CheckpointError, match="not a whole model"):
        evaluate(model, text)
