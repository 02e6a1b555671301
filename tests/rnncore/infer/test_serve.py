"""The server as the studio runs it: a process of its own, spoken to in lines."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rnncore.errors import RequestError
from rnncore.infer import serve as serve_module
from rnncore.infer.kept import Models
from rnncore.infer.runtime import Runtime
from rnncore.infer.serve import FLUSH_SECONDS, Tray
from rnncore.infer.writing import Piece, Request, write
from tests.rnncore.infer.conftest import make_model

ROOT = Path(__file__).parents[3]
SECONDS = 60


class Server:
    """``rnncore serve`` and what it said."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rnncore", "serve"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.said: list[dict[str, Any]] = []
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self._lines.put(line)

    def ask(self, **body: Any) -> None:
        self.send(json.dumps(body).encode())

    def send(self, line: bytes) -> None:
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for a line. All lines up to it are in ``said``."""
        while True:
            self.said.append(json.loads(self._lines.get(timeout=SECONDS)))
            if wanted(self.said[-1]):
                return self.said[-1]

    def end_of(self, identity: str | None) -> dict[str, Any]:
        return self.until(lambda line: line.get("id") == identity and line["kind"] in ("done", "error"))

    def text(self, identity: str, text: int = 0) -> str:
        lines = [line for line in self.said if line.get("id") == identity and line.get("text") == text]
        return "".join(token["token"] for line in lines for token in line["tokens"])


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.process.kill()
    server.process.wait()
    server.process.stdin.close()


def test_a_text_is_streamed_and_is_the_text_that_the_seed_means(server, model):
    assert server.until(lambda line: True) == {"ready": True}
    asked = {"prompt": "The ", "length": 50, "temperature": 0.9, "seed": 4, "count": 2, "alternatives": 2}
    server.ask(id="a", op="generate", folder=str(model), **asked)
    assert server.end_of("a") == {"id": "a", "kind": "done", "seed": 4, "cancelled": False}

    expected = list(filter(None, write(Runtime.load(model), Request(**asked))))
    for text in (0, 1):
        assert server.text("a", text) == "".join(piece.token for piece in expected if piece.text == text)
    first = server.said[1]["tokens"]
    assert len(first) == 1, "the first token waits for nothing"
    assert first[0] == {
        "token": expected[0].token,
        "probability": pytest.approx(expected[0].probability),
        "alternatives": [[token, pytest.approx(p)] for token, p in expected[0].alternatives],
    }


def test_a_short_request_overtakes_a_long_one_and_neither_changes(server, model):
    server.ask(id="long", op="generate", folder=str(model), length=6000, seed=1)
    server.until(lambda line: line.get("id") == "long")
    server.ask(id="short", op="generate", folder=str(model), length=40, seed=2)
    server.end_of("short")
    assert not any(line.get("kind") == "done" for line in server.said[:-1])
    server.end_of("long")
    for name, length, seed in [("short", 40, 2), ("long", 6000, 1)]:
        alone = filter(None, write(Runtime.load(model), Request(length=length, seed=seed)))
        assert server.text(name) == "".join(piece.token for piece in alone)


def test_a_cancelled_request_says_no_more(server, model):
    server.ask(id="a", op="generate", folder=str(model), length=100_000)
    server.until(lambda line: line.get("id") == "a")
    server.ask(id="a", op="cancel")
    assert server.end_of("a")["cancelled"]
    server.ask(id="a", op="cancel")  # twice, or too late, is no error
    server.ask(id="b", op="generate", folder=str(model), length=300)
    after = len(server.said)
    server.end_of("b")
    assert {line["id"] for line in server.said[after:]} == {"b"}


@pytest.mark.parametrize("busy", [False, True])
def test_it_ends_when_its_input_does(server, model, busy):
    server.until(lambda line: True)
    if busy:
        server.ask(id="a", op="generate", folder=str(model), length=100_000)
        server.until(lambda line: line.get("id") == "a")
    server.process.stdin.close()
    assert server.process.wait(timeout=SECONDS) == 0


def test_it_ends_when_nobody_reads(model):
    reading, writing = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-m", "rnncore", "serve"], cwd=ROOT, stdin=subprocess.PIPE, stdout=writing
    ) as process:
        os.close(writing)
        os.close(reading)
        process.stdin.write(json.dumps({"id": 1, "op": "generate", "folder": str(model)}).encode() + b"\n")
        process.stdin.flush()
        assert process.wait(timeout=SECONDS) == 0


def test_it_never_loads_torch(server, model):
    server.ask(id="a", op="generate", folder=str(model), length=3)
    server.end_of("a")
    maps = Path(f"/proc/{server.process.pid}/maps")
    if not maps.exists():
        pytest.skip("memory maps are read from /proc, which this system does not have")
    assert "numpy" in maps.read_text() and "libtorch" not in maps.read_text()


def test_what_is_wrong_is_said_and_the_server_goes_on(server, model, tmp_path):
    broken = make_model(tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"nonsense")
    good = {"op": "generate", "folder": str(model)}
    for body, field, words in [
        ({**good, "folder": str(tmp_path / "nowhere")}, "folder", "no such folder"),
        ({**good, "folder": None}, "folder", "path of a model"),
        ({**good, "folder": str(broken)}, None, "not a whole model"),
        ({**good, "length": "long"}, "length", "whole number"),
        ({**good, "colour": "red"}, "colour", "not a field"),
        ({**good, "prompt": "Ж"}, "prompt", "Ж"),
        ({**good, "prompt": "a" * 1_000_000}, "prompt", "10,000"),
    ]:
        server.ask(id="a", **body)
        line = server.end_of("a")
        assert line["kind"] == "error" and line["field"] == field and words in line["error"], line
    for line, field in [
        (b"nonsense", None),
        (b"\xff", None),
        (b"[" * 100_000, None),
        (b"[]", "request"),
        (b'{"id": null, "op": "generate"}', "id"),
        (b'{"id": 1, "op": "dance"}', "op"),
    ]:
        server.send(line)
        assert server.end_of(None)["field"] == field
    server.ask(id="b", **good, length=5)
    server.ask(id="b", **good)
    assert server.end_of(None)["field"] == "id"
    assert server.end_of("b")["kind"] == "done"


def test_models_are_kept_and_read_anew_when_they_change(model, tmp_path):
    models = Models(limit=2**30)
    folder = make_model(tmp_path / "model", seed=1)
    first = models.writing(str(folder))
    assert models.writing(str(folder)) is first
    make_model(tmp_path / "newer", seed=2)
    (tmp_path / "newer" / "model.safetensors").replace(folder / "model.safetensors")
    second = models.writing(str(folder))
    assert second is not first and not (second.embedding == first.embedding).all()
    with pytest.raises(RequestError):
        models.writing(str(tmp_path / "nowhere"))


def test_the_least_recently_used_model_goes_first(tmp_path):
    folders = [str(make_model(tmp_path / name)) for name in "abc"]
    models = Models(limit=Runtime.load(folders[0]).nbytes * 2)
    a, b = models.writing(folders[0]), models.writing(folders[1])
    assert models.writing(folders[0]) is a
    models.writing(folders[2])
    assert models.writing(folders[0]) is a
    assert models.writing(folders[1]) is not b

    tiny = Models(limit=1)
    assert tiny.writing(folders[0]) is tiny.writing(folders[0]), (
        "a model larger than the limit is kept while it is the last"
    )


def test_pieces_are_gathered_for_a_moment(monkeypatch):
    now, said = [0.0], []
    monkeypatch.setattr(serve_module, "monotonic", lambda: now[0])
    tray = Tray(said.append, "a", 2)
    for seconds, text in [(0, 0), (0.001, 0), (0.002, 1), (0.003, 0), (2 * FLUSH_SECONDS, 1), (2 * FLUSH_SECONDS, 0)]:
        now[0] = seconds
        tray.put(Piece(text, "x", 0.5, []))
    tray.empty()
    tray.empty()
    assert [(line["text"], len(line["tokens"])) for line in said] == [(0, 1), (0, 2), (1, 2), (0, 1)]
