"""The road of a task on records by REST, through real processes: upload, confirm, train, publish, predict, download."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest

from rnncore import catalog
from tests.processes import environment, running
from tests.waiting import until
from tests.webapp.conftest import words

pytestmark = pytest.mark.django_db(transaction=True)

RECIPE = {
    "task": {"kind": "classification"},
    "network": {"hidden_size": 8, "embedding_size": 4, "bidirectional": True},
    "training": {"max_steps": 60, "evaluate_every": 20, "checkpoint_every": 20, "batch_size": 16, "learning_rate": 0.02,
                 "device": "cpu", "precision": "float32", "test_fraction": 0.1},
    "sampling": {"every": 30},
}  # fmt: skip


@pytest.fixture(scope="module")
def started(valkey, django_db_setup, django_db_blocker):
    """Real ingest, training and inference workers, by role."""
    valkey.client.flushall()
    with django_db_blocker.unblock(), ExitStack() as stack:
        started = {role: stack.enter_context(running(role)) for role in ("ingest", "training", "inference")}
        until(lambda: len(valkey.client.keys("unroll:worker:*")) == 3)
        yield started


@pytest.fixture
def workers(transactional_db, started):
    return started


@pytest.fixture
def ask(server, alice, token):
    """Asks the API as alice; the answer, which must have this status (else: any that is no error)."""
    plain = token(alice)

    def ask(method: str, path: str, body: Any = None, status: int | None = None) -> Any:
        answer = server.request(method, f"/api/v1{path}", token=plain, body=body)
        assert answer.status == status if status else answer.status < 300, (method, path, answer.body)
        return answer

    return ask


def ready(ask, **body: Any) -> str:
    """The id of a dataset once it is read."""
    dataset = ask("POST", "/datasets", body).json()["id"]
    until(lambda: ask("GET", f"/datasets/{dataset}").json()["status"] != "processing")
    return dataset


def trained(ask, dataset: str, recipe: dict[str, Any]) -> dict[str, Any]:
    """A run once it has ended."""
    run = ask("POST", "/runs", {"dataset_id": dataset, "recipe": recipe, "name": "words"}).json()["id"]
    until(lambda: ask("GET", f"/runs/{run}").json()["status"] in ("finished", "stopped", "failed"))
    return ask("GET", f"/runs/{run}").json()


def maps(pid: int) -> str:
    """The files that are mapped into a process."""
    path = Path(f"/proc/{pid}/maps")
    if not path.exists():
        pytest.skip("memory maps are read from /proc, which this system does not have")
    return path.read_text()


def test_from_a_table_to_answers(workers, server, ask, tmp_path):
    dataset = ready(ask, name="words.csv", text=words(120))
    shown = ask("GET", f"/datasets/{dataset}").json()
    assert (shown["status"], shown["format"], shown["task"]) == ("ready", "csv", "classification"), shown
    assert [(column["name"], column["role"]) for column in shown["columns"]] == [("word", "text"), ("kind", "label")]
    ask("PATCH", f"/datasets/{dataset}", {"columns": {"word": "text", "kind": "label"}})

    assert ask("POST", "/plan", {"dataset_id": dataset, "recipe": RECIPE}).json()["steps"] == 60
    run = done = trained(ask, dataset, RECIPE)
    assert run["recipe"]["task"] == {"kind": "classification", "text_column": "word", "label_column": "kind"}
    assert (done["status"], done["error"]) == ("finished", None)
    assert done["best"]["metrics"].keys() == {"accuracy", "macro_f1"}
    assert done["best"]["metrics"]["accuracy"] > 0.9
    assert done["baselines"]["majority class"]["metrics"]["accuracy"] < 0.6
    events = ask("GET", f"/runs/{run['id']}/events").json()["events"]
    samples = [event for event in events if event["kind"] == "sampled"]
    assert {"source", "output", "reference"} <= samples[-1].keys()
    report = ask("GET", f"/runs/{run['id']}/report?split=test").json()
    assert report["kind"] == "classification"
    assert report["confusion"]

    model = ask("POST", "/models", {"run_id": run["id"], "checkpoint": "best", "name": "words"}).json()
    assert (model["task"], model["metrics"]["accuracy"]) == ("classification", done["best"]["metrics"]["accuracy"])
    assert model["baseline"]["name"] == "majority class"
    assert {"source", "output", "reference"} <= model["card"]["samples"][0].keys()
    assert ask("GET", f"/models/{model['id']}/report?split=valid").json()["classes"]

    (serving,) = psutil.Process(workers["inference"].pid).children()
    assert "libtorch" not in maps(serving.pid), "nobody has asked yet"
    inputs = ["aei", {"word": "bcd"}, "eio"]
    outputs = ask("POST", f"/models/{model['id']}/predict", {"inputs": inputs}).json()["outputs"]
    assert [output["label"] for output in outputs] == ["soft", "hard", "soft"]
    assert sum(outputs[0]["probabilities"].values()) == pytest.approx(1)
    assert "libtorch" in maps(serving.pid)
    for role, process in workers.items():
        assert "libtorch" not in maps(process.pid), f"the {role} worker itself never loads it"
    explained = ask("POST", f"/models/{model['id']}/predict", {"inputs": ["aei"], "explain": True}).json()["outputs"][0]
    assert [token["token"] for token in explained["tokens"]] == ["a", "e", "i"]

    for body, field in [
        ({"inputs": ["aei", ""]}, "inputs.2"),
        ({"inputs": ["aei", {"kind": "soft"}]}, "inputs.2"),
        ({"inputs": ["aei"] * 20 + [5]}, "inputs.21"),
        ({"inputs": ["aei"], "beam_size": 4}, "beam_size"),
    ]:
        wrong = ask("POST", f"/models/{model['id']}/predict", body, status=422).json()
        assert [error["field"] for error in wrong["errors"]] == [field], wrong
    assert "predict" in ask("POST", f"/models/{model['id']}/generate", {"prompt": "a"}, status=409).json()["detail"]

    shared = ask("POST", f"/models/{model['id']}/shares", {}).json()["url"].removeprefix(server.url)
    assert server.request("GET", shared).status == 200
    answer = server.request("POST", f"{shared}/predict", body={"inputs": inputs})
    assert answer.json()["outputs"] == outputs
    assert server.request("POST", f"{shared}/generate", body={"prompt": "a"}).status == 409

    with zipfile.ZipFile(io.BytesIO(ask("GET", f"/models/{model['id']}/download").body)) as archive:
        archive.extractall(tmp_path / "model")
    assert "rnncore predict" in (tmp_path / "model" / "README.md").read_text()
    (tmp_path / "new.csv").write_text("word\naei\nbcd\n")
    command = [sys.executable, "-m", "rnncore", "predict", tmp_path / "model", "--data", tmp_path / "new.csv"]
    subprocess.run([*command, "--out", tmp_path / "answers"], env=environment(), check=True, capture_output=True)
    lines = (tmp_path / "answers").read_text().splitlines()
    assert [json.loads(line)["label"] for line in lines] == ["soft", "hard"]


MADE = {
    "regression": ("sum", {}, ["1 2", {"text": "3 4"}], {"value"}),
    "tagging": ("copy", {}, [["a", "b"], {"text": ["a", "_"]}], {"tags"}),
    "seq2seq": ("reverse", {"beam_size": 2}, ["abc", {"source": "ab"}], {"text", "alternatives", "attention"}),
    "forecasting": ("seasonal", {"horizon": 4, "lookback": 24}, [[float(n % 24) for n in range(48)]], {"quantiles"}),
    "conditional_generation": ("jingles", {}, [], set()),
}
"""By task: made data, what of its recipe is not the default, inputs, what an output has at least."""


@pytest.mark.parametrize("kind", [kind for kind in catalog.TASKS if kind in MADE])
def test_from_made_data_to_answers(workers, ask, kind):
    name, task, inputs, has = MADE[kind]
    dataset = ready(ask, name="made", synthetic={"name": name, "count": 300})
    shown = ask("GET", f"/datasets/{dataset}").json()
    assert (shown["task"], shown["status"]) == (kind, "ready"), shown
    training = {"max_steps": 6, "evaluate_every": 3, "checkpoint_every": 3, "batch_size": 8, "device": "cpu",
                "precision": "float32", "sequence_length": 20, "validation_fraction": 0.2}  # fmt: skip
    if kind == "forecasting":
        del training["sequence_length"]
    recipe = {"task": {"kind": kind, **task}, "network": {"hidden_size": 8}, "training": training,
              "sampling": {"every": 6}}  # fmt: skip
    run = trained(ask, dataset, recipe)
    assert (run["status"], run["error"], run["step"]) == ("finished", None, 6)
    assert catalog.TASKS[kind].metric in run["best"]["metrics"]
    events = ask("GET", f"/runs/{run['id']}/events").json()["events"]
    assert any(event["kind"] == "sampled" for event in events)
    assert run["baselines"]
    assert ask("GET", f"/runs/{run['id']}/report").json()["kind"] == kind

    model = ask("POST", "/models", {"run_id": run["id"], "checkpoint": "best", "name": "made"}).json()
    assert (model["task"], model["metrics"]["loss"]) == (kind, run["best"]["loss"])
    assert model["card"]["samples"]
    if inputs:
        outputs = ask("POST", f"/models/{model['id']}/predict", {"inputs": inputs}).json()["outputs"]
        assert len(outputs) == len(inputs)
        assert has <= outputs[0].keys()
        ask("POST", f"/models/{model['id']}/predict", {"inputs": [*inputs, {"nothing": 1}]}, status=422)
    else:
        body = {"label": "waltz", "length": 12, "seed": 1}
        text = ask("POST", f"/models/{model['id']}/generate", body).json()["texts"][0]
        assert len(text["tokens"]) <= 12
        wrong = ask("POST", f"/models/{model['id']}/generate", {"label": "polka"}, status=422).json()
        assert wrong["errors"][0]["field"] == "label"
