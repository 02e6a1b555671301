"""Predictions by the server's process: the model's own answers, PyTorch only then, and no text waits for them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rnncore.infer.predict import model_of
from tests.rnncore.infer.test_serve import ROOT, SECONDS, server  # noqa: F401 - a fixture

RECIPE = {
    "task": {"kind": "classification"}, "network": {"hidden_size": 8, "embedding_size": 4},
    "training": {"max_steps": 2, "evaluate_every": 2, "checkpoint_every": 2, "batch_size": 8, "device": "cpu",
                 "precision": "float32"},
    "sampling": {"every": 0},
}  # fmt: skip


@pytest.fixture(scope="session")
def classifier(tmp_path_factory) -> Path:
    """A classifier's folder; nobody changes it."""
    work = tmp_path_factory.mktemp("classifier")
    rows = (f"{'aeiou'[n % 5]}{'bcdfg'[n % 3]}{'aeiou'[n % 4]},{'xy'[n % 2]}\n" for n in range(40))
    (work / "words.csv").write_text("text,label\n" + "".join(rows))
    (work / "recipe.json").write_text(json.dumps(RECIPE))
    command = [sys.executable, "-m", "rnncore", "train", work / "recipe.json", "--data", work / "words.csv"]
    subprocess.run([*command, "--out", work / "out"], cwd=ROOT, check=True, capture_output=True)
    return work / "out"


def test_answers_are_the_models_own(server, classifier):  # noqa: F811
    inputs = ["abe", {"text": "ece"}, *["ibo"] * 20]
    server.ask(id="a", op="predict", folder=str(classifier), inputs=inputs, explain=True)
    assert server.end_of("a") == {"id": "a", "kind": "done", "seed": None, "cancelled": False}
    outputs = [output for line in server.said for output in line.get("outputs", ())]
    expected = model_of(classifier).predict(inputs, explain=True)
    assert [output["label"] for output in outputs] == [output["label"] for output in expected]
    assert outputs[0]["probabilities"] == pytest.approx(expected[0]["probabilities"], abs=1e-6)
    assert [token["token"] for token in outputs[0]["tokens"]] == ["a", "b", "e"]


def test_pytorch_is_loaded_with_the_first_of_them(server, classifier, model):  # noqa: F811
    maps = Path(f"/proc/{server.process.pid}/maps")
    if not maps.exists():
        pytest.skip("memory maps are read from /proc, which this system does not have")
    server.ask(id="a", op="generate", folder=str(model), length=3)
    server.end_of("a")
    assert "libtorch" not in maps.read_text()
    server.ask(id="b", op="predict", folder=str(classifier), inputs=["abe"])
    server.end_of("b")
    assert "libtorch" in maps.read_text()


def test_a_text_does_not_wait_for_a_thousand_answers(server, classifier, model):  # noqa: F811
    server.ask(id="long", op="predict", folder=str(classifier), inputs=["abecidofu" * 20] * 1000, explain=True)
    server.until(lambda line: line.get("id") == "long")
    server.ask(id="text", op="generate", folder=str(model), length=40, seed=2)
    server.end_of("text")
    assert not any(line.get("kind") == "done" and line["id"] == "long" for line in server.said)
    server.ask(id="long", op="cancel")
    assert server.end_of("long")["cancelled"]
    server.process.stdin.close()
    assert server.process.wait(timeout=SECONDS) == 0, "it ends as soon as the turn under way is over"


def test_what_is_wrong_is_said(server, classifier, model, tmp_path):  # noqa: F811
    for body, field, words in [
        ({"folder": str(tmp_path), "inputs": ["a"]}, "folder", "no model"),
        ({"folder": str(model), "inputs": ["a"]}, "folder", "writes and does not predict"),
        ({"folder": str(classifier), "inputs": ["abe", ""]}, "inputs.2", "is empty"),
        ({"folder": str(classifier), "inputs": ["abe", None]}, "inputs.2", "empty"),
        ({"folder": str(classifier), "inputs": ["abe"], "beam_size": 2}, "beam_size", "not an option"),
    ]:
        server.ask(id="a", op="predict", **body)
        line = server.end_of("a")
        assert (line["kind"], line["field"]) == ("error", field), line
        assert words in line["error"], line
