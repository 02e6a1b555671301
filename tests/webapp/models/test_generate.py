"""Text from a model, through a real inference worker; links that may ask so often a minute; the download."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
import threading
import time
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save_file

from rnncore.data import tokens
from tests.processes import environment, running
from tests.waiting import until
from webapp import workers
from webapp.models import generate, limits, replies, services
from webapp.models.folders import folder_of

pytestmark = pytest.mark.django_db(transaction=True)
HIDDEN = 8


@pytest.fixture(scope="module")
def inference(valkey, django_db_setup, django_db_blocker):
    """A real inference worker."""
    with django_db_blocker.unblock(), running("inference") as process:
        until(lambda: valkey.client.keys("unroll:worker:inference@*"))
        yield process


@pytest.fixture
def model(alice, make):
    """A model with random weights that knows the letters of the foxes' text."""
    run = make.trained(alice.personal_team)
    model = make.model(alice.personal_team, alice, run=run)
    tokenizer = tokens.build("char", [make.text])
    size = tokenizer.vocabulary_size
    random = np.random.default_rng(1)
    shapes = {
        "embedding.weight": (size, HIDDEN), "rnn.weight_ih_l0": (4 * HIDDEN, HIDDEN),
        "rnn.weight_hh_l0": (4 * HIDDEN, HIDDEN), "rnn.bias_ih_l0": (4 * HIDDEN,), "rnn.bias_hh_l0": (4 * HIDDEN,),
        "head.weight": (size, HIDDEN), "head.bias": (size,),
    }  # fmt: skip
    folder = folder_of(model.newest.id)
    weights = {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    save_file(weights, folder / "model.safetensors")
    network = {
        "format": 1, "task": "language_model", "cell": "lstm", "vocabulary_size": size, "embedding_size": HIDDEN,
        "hidden_size": HIDDEN, "num_layers": 1, "dropout": 0.0, "bidirectional": False, "nonlinearity": "tanh",
        "bias": True, "tied": False,
    }  # fmt: skip
    (folder / "network.json").write_text(json.dumps(network))
    tokenizer.save(folder / "tokenizer.json")
    return model


@pytest.fixture
def ask(server, model, alice, token):
    """Asks the model as alice; the answer."""
    plain = token(alice)

    def ask(body: dict, *, stream: bool = False):
        headers = {"Accept": "text/event-stream" if stream else "application/json"}
        return server.request("POST", f"/api/v1/models/{model.id}/generate", token=plain, body=body, headers=headers)

    return ask


def events(raw: bytes) -> list[dict]:
    return [json.loads(line[6:]) for line in raw.decode().splitlines() if line.startswith("data: ")]


def test_whole_texts_with_the_probability_of_each_token(ask, inference):
    answer = ask({"prompt": "the ", "length": 40, "seed": 7, "count": 2, "temperature": 1.0})
    assert answer.status == 200, answer.body
    body = answer.json()
    assert body["seed"] == 7
    first, second = body["texts"]
    assert first["text"] != second["text"]
    for text in body["texts"]:
        assert len(text["tokens"]) == 40
        assert "".join(token["token"] for token in text["tokens"]) == text["text"]
        assert all(0 < token["probability"] <= 1 for token in text["tokens"])
    again = ask({"prompt": "the ", "length": 40, "seed": 7, "count": 2, "temperature": 1.0})
    assert again.json() == body, "the same seed gives the same texts"
    drawn = ask({"length": 5}).json()["seed"]
    assert ask({"length": 5, "seed": drawn}).status == 200


def test_tokens_as_they_come_are_the_same_text_with_runners_up(ask, inference):
    body = {"prompt": "the ", "length": 30, "seed": 3}
    answer = ask(body, stream=True)
    assert answer.headers["content-type"].startswith("text/event-stream")
    *parts, done = events(answer.body)
    assert (done["kind"], done["seed"]) == ("done", 3)
    pieces = [token for part in parts for token in part["tokens"]]
    assert "".join(piece["token"] for piece in pieces) == ask(body).json()["texts"][0]["text"]
    assert all(len(piece["alternatives"]) == generate.ALTERNATIVES for piece in pieces)


def test_what_the_model_cannot_read_is_said_before_the_first_token(ask, inference):
    for stream in (True, False):
        answer = ask({"prompt": "the fox ☃"}, stream=stream)
        assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")
        assert answer.json()["errors"][0]["field"] == "prompt"
        assert "☃" in answer.json()["detail"]


def test_a_reader_who_leaves_ends_the_work(server, model, alice, token, inference, valkey):
    for key in valkey.client.keys(f"{replies.CANCEL}*"):
        valkey.client.delete(key)
    body = json.dumps({"length": 10_000, "count": 16}).encode()
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.sendall(
        f"POST /api/v1/models/{model.id}/generate HTTP/1.1\r\nHost: {server.host}\r\n"
        f"Authorization: Bearer {token(alice)}\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    assert b"200 OK" in connection.recv(1000)
    connection.close()
    until(lambda: valkey.client.keys(f"{replies.CANCEL}*"))
    reply = valkey.client.keys(f"{replies.CANCEL}*")[0].decode().removeprefix(replies.CANCEL)
    time.sleep(1)  # the worker looks a few times a second
    length = valkey.client.xlen(f"{replies.REPLY}{reply}")
    time.sleep(0.5)
    assert valkey.client.xlen(f"{replies.REPLY}{reply}") == length, "nothing more is written"
    _, last = valkey.client.xrevrange(f"{replies.REPLY}{reply}", count=1)[0]
    assert json.loads(last[b"json"])["kind"] == "tokens", "it was left unfinished"


def test_a_worker_may_be_silent_for_longer_than_redis_clients_wait(ask, valkey, monkeypatch):
    """The client's own limit is 5 s; reading a large model takes longer."""
    from redis._defaults import DEFAULT_SOCKET_TIMEOUT

    monkeypatch.setattr(workers, "names", lambda: ["inference@elsewhere:1"])

    def sent(task: str, args: list, **options: object) -> None:
        stream = f"{replies.REPLY}{args[0]}"
        later = threading.Timer(DEFAULT_SOCKET_TIMEOUT + 0.5, lambda: valkey.client.xadd(stream, {"json": line}))
        later.start()

    line = json.dumps({"id": "x", "kind": "done", "seed": 9, "cancelled": False})
    monkeypatch.setattr(replies.app, "send_task", sent)
    assert ask({"prompt": "a"}).json() == {"texts": [{"text": "", "tokens": []}], "seed": 9}


def test_without_a_worker_it_says_so_at_once(ask, valkey, monkeypatch):
    monkeypatch.setattr(workers, "names", list)
    answer = ask({"prompt": "a"}, stream=True)
    assert answer.status == 503
    assert "No inference worker" in answer.json()["detail"]


def test_a_shared_link_writes_without_an_account_until_it_is_revoked(server, model, alice, inference):
    share, path = services.share(user=alice, model=model)
    headers = {"Accept": "text/event-stream"}
    answer = server.request("POST", f"{path}/generate", body={"length": 5, "seed": 1}, headers=headers)
    assert answer.status == 200, answer.body
    assert events(answer.body)[-1]["kind"] == "done"
    assert len(server.request("POST", f"{path}/generate", body={"length": 5}).json()["texts"][0]["tokens"]) == 5
    wrong = server.request("POST", f"{path}/generate", body={"length": 0, "colour": 1})
    assert wrong.status == 422
    assert {error["field"] for error in wrong.json()["errors"]} == {"length", "colour"}
    malformed = {"Content-Type": "application/json"}
    assert server.request("POST", f"{path}/generate", body="{", headers=malformed).status == 400
    long = server.request("POST", f"{path}/generate", body={"prompt": "a" * 5_000_000})
    assert (long.status, long.headers["content-type"]) == (413, "application/problem+json")
    services.revoke(user=alice, share=share)
    assert server.request("POST", f"{path}/generate", body={"length": 5}).status == 404
    assert server.request("POST", "/s/made-up/generate", body={"length": 5}).status == 404


def test_a_link_is_used_so_often_a_minute(server, model, alice, valkey, monkeypatch):
    monkeypatch.setattr(workers, "names", list)
    monkeypatch.setattr(limits, "PER_ADDRESS", 3)
    monkeypatch.setattr(limits, "WINDOW", 3600)  # no test runs over the end of this one
    _, path = services.share(user=alice, model=model)
    _, other = services.share(user=alice, model=model)
    ask = lambda path: server.request("POST", f"{path}/generate", body={"length": 1})  # noqa: E731
    assert [ask(path).status for _ in range(4)] == [503, 503, 503, 429]
    refused = ask(path)
    assert refused.headers["content-type"] == "application/problem+json"
    assert 0 < int(refused.headers["retry-after"]) <= 3601
    assert ask(other).status == 503, "each link has its own count"
    monkeypatch.setattr(limits, "PER_ADDRESS", 100)
    monkeypatch.setattr(limits, "PER_LINK", 1)
    assert ask(other).status == 429


def test_the_download_generates_as_it_is_once_unpacked(server, model, alice, token, tmp_path, ask, inference):
    services.update(user=alice, model=model, name="Füchse & <Bären>")
    answer = server.request("GET", f"/api/v1/models/{model.id}/download", token=token(alice))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/zip")
    assert "attachment" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {
            "model.safetensors", "network.json", "tokenizer.json", "recipe.json", "card.json", "README.md"}  # fmt: skip
        archive.extractall(tmp_path)
    readme = (tmp_path / "README.md").read_text()
    assert readme.startswith("# Füchse \\& \\<Bären\\>")
    assert "````\nthe quick ```<b>dog</b>\n````" in readme, "a sample cannot leave its code block"
    assert "| this model | 1.5 |" in readme
    assert json.loads((tmp_path / "card.json").read_text())["data"]["name"] == "foxes.txt"
    options = ["--prompt", "the ", "--length", "20", "--seed", "5"]
    command = [sys.executable, "-m", "rnncore", "generate", str(tmp_path), *options]
    written = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True).stdout
    assert ask({"prompt": "the ", "length": 20, "seed": 5}).json()["texts"][0]["text"] in written
