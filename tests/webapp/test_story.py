"""The whole road by REST and sockets, through real processes: upload, read, train, watch, publish, write, share."""

from __future__ import annotations

import base64
import json
import time
import zipfile
from contextlib import ExitStack
from io import BytesIO
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.processes import running
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)

RECIPE = {
    "task": {"kind": "language_model"},
    "network": {"hidden_size": 16, "num_layers": 1, "embedding_size": 8},
    "training": {"max_steps": 40, "evaluate_every": 20, "checkpoint_every": 20, "batch_size": 4, "sequence_length": 16,
                 "device": "cpu", "precision": "float32"},
    "sampling": {"every": 20, "length": 20, "prompts": ["the "], "temperatures": [0.8]},
}  # fmt: skip


@pytest.fixture
def workers(valkey, transactional_db):
    """Real ingest, training and inference workers."""
    with ExitStack() as stack:
        for role in ("ingest", "training", "inference"):
            stack.enter_context(running(role))
        until(lambda: len(valkey.client.keys("unroll:worker:*")) == 3)
        yield


def test_from_a_file_to_a_shared_model(workers, server, alice, token, make):
    plain = token(alice)

    def ask(method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = server.request(method, f"/api/v1{path}", token=plain, body=body, headers=headers)
        assert answer.status < 300, (method, path, answer.body)
        return answer

    text = make.text.encode()
    metadata = "filename " + base64.b64encode(b"foxes.txt").decode()
    tus = {"Tus-Resumable": "1.0.0"}
    begun = ask("POST", "/uploads", **tus, **{"Upload-Length": str(len(text)), "Upload-Metadata": metadata})
    upload = begun.headers["location"].partition("/api/v1")[2]
    ask("PATCH", upload, text, **tus, **{"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"})
    dataset = ask("GET", upload).json()["dataset_id"]
    until(lambda: ask("GET", f"/datasets/{dataset}").json()["status"] != "processing")
    shown = ask("GET", f"/datasets/{dataset}").json()
    assert shown["status"] == "ready", shown
    assert shown["statistics"]["characters"] == len(text)

    plan = ask("POST", "/plan", {"dataset_id": dataset, "recipe": RECIPE}).json()
    assert plan["steps"] == 40
    begin = time.monotonic()
    run = ask("POST", "/runs", {"dataset_id": dataset, "recipe": RECIPE, "name": "foxes"}).json()
    events = []
    headers = {"Authorization": f"Bearer {plain}"}
    with connect(f"ws://{server.host}/ws/runs/{run['id']}?after=0", additional_headers=headers) as socket:
        while not events or events[-1]["kind"] not in ("finished", "stopped", "failed"):
            events.append(json.loads(socket.recv(60)))
            assert time.monotonic() - begin < 120
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["kind"] == "finished", events[-1]
    assert ask("GET", f"/runs/{run['id']}/events").json() == {"events": events, "last_seq": len(events)}
    assert {"started", "baseline", "progress", "evaluated", "sampled", "checkpointed"} <= {e["kind"] for e in events}
    until(lambda: ask("GET", f"/runs/{run['id']}").json()["status"] == "finished")
    done = ask("GET", f"/runs/{run['id']}").json()
    assert (done["step"], done["steps"], done["error"]) == (40, 40, None)
    assert plan["parameters"] == next(e for e in events if e["kind"] == "started")["parameters"]

    points = ask("GET", f"/runs/{run['id']}/checkpoints").json()["items"]
    assert points[-1]["step"] == 40
    assert sum(point["best"] for point in points) == 1
    stated = {event["sha256"] for event in events if event["kind"] == "checkpointed"}
    assert {point["sha256"] for point in points} <= stated

    model = ask("POST", "/models", {"run_id": run["id"], "checkpoint": "best", "name": "foxes"}).json()
    assert model["metrics"]["loss"] == done["best"]["loss"]
    assert model["baseline"]["loss"] > 0
    assert model["card"]["samples"]
    body = {"prompt": "the ", "length": 20, "seed": 1}
    written = ask("POST", f"/models/{model['id']}/generate", body).json()["texts"][0]["text"]
    shared = ask("POST", f"/models/{model['id']}/shares", {}).json()
    path = shared["url"].removeprefix(server.url)
    assert server.request("GET", path).status == 200
    assert server.request("POST", f"{path}/generate", body=body).json()["texts"][0]["text"] == written
    ask("DELETE", f"/shares/{shared['id']}")
    assert server.request("GET", path).status in (404, 410)
    names = zipfile.ZipFile(BytesIO(ask("GET", f"/models/{model['id']}/download").body)).namelist()
    assert {"model.safetensors", "network.json", "tokenizer.json", "recipe.json"} <= set(names)

    assert server.request("DELETE", f"/api/v1/datasets/{dataset}", token=plain).status == 409
    ask("DELETE", f"/runs/{run['id']}")
    ask("DELETE", f"/datasets/{dataset}")
    assert ask("GET", f"/models/{model['id']}").json()["run_id"] is None
