"""The inference worker with the real process behind it: replies, refusals, readers who leave, a process that dies."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import psutil
import pytest
from django.conf import settings

from jobs.app import app
from jobs.server import Server
from tests.jobs.recipes import TEXT, recipe
from tests.waiting import until
from webapp.models.models import Model, Version
from webapp.models.store import folder
from webapp.teams.models import Team


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """A small trained network."""
    work = tmp_path_factory.mktemp("model")
    (work / "text.txt").write_text(TEXT)
    (work / "recipe.json").write_text(json.dumps(recipe(max_steps=10)))
    command = [sys.executable, "-m", "rnncore", "train", work / "recipe.json", "--data", work / "text.txt"]
    subprocess.run([*command, "--out", work / "out"], cwd=settings.BASE_DIR, check=True, capture_output=True)
    return work / "out" / "best"


class TestServer:
    @pytest.fixture
    def stopping(self) -> threading.Event:
        return threading.Event()

    @pytest.fixture
    def server(self, stopping):
        server = Server(stopping)
        server.start()
        until(lambda: server._process)
        yield server
        stopping.set()
        server.stop()
        if process := server._process:
            process.wait(10)

    def test_a_request_gets_its_lines_and_an_end(self, server, checkpoint):
        answers = server.ask("a", "generate", {"folder": str(checkpoint), "length": 5, "seed": 1})
        lines = list(rest(answers))
        assert lines[-1]["kind"] == "done"
        assert sum(len(line["tokens"]) for line in lines[:-1]) == 5

    def test_two_at_once_each_get_their_own(self, server, checkpoint):
        answers = [server.ask(name, "generate", {"folder": str(checkpoint), "length": 30, "seed": 1}) for name in "ab"]
        texts = ["".join(token["token"] for line in rest(each) for token in line.get("tokens", ())) for each in answers]
        assert texts[0] == texts[1]
        assert len(texts[0]) == 30

    def test_a_long_one_ends_when_it_is_cancelled(self, server, checkpoint):
        endless = server.ask("endless", "generate", {"folder": str(checkpoint), "length": 10_000})
        endless.get(timeout=20)
        server.cancel("endless")
        server.cancel("endless")
        server.cancel("nobody")
        lines = list(rest(server.ask("next", "generate", {"folder": str(checkpoint), "length": 3})))
        assert lines[-1]["kind"] == "done"

    def test_when_it_dies_who_waits_is_told_and_the_next_are_served(self, server, checkpoint):
        endless = server.ask("endless", "generate", {"folder": str(checkpoint), "length": 10_000})
        endless.get(timeout=20)
        first = server._process
        first.kill()
        assert list(rest(endless))[-1]["error"] == "The inference process died while it was at it."
        until(lambda: server._process not in (None, first))
        lines = list(rest(server.ask("next", "generate", {"folder": str(checkpoint), "length": 3})))
        assert lines[-1]["kind"] == "done"

    def test_while_there_is_none_a_request_is_refused_at_once(self, checkpoint):
        (line,) = rest(Server(threading.Event()).ask("a", "generate", {"folder": str(checkpoint)}))
        assert (line["kind"], line["error"]) == ("error", "The inference process is just starting again.")


def rest(answers) -> Iterator[dict]:
    while True:
        yield (line := answers.get(timeout=30))
        if line["kind"] in ("done", "error"):
            return


class Reader:
    """What the web process does: sends the task, reads the stream."""

    def __init__(self, client) -> None:
        self.client, self.count = client, 0

    def ask(self, model_id: str, **request) -> str:
        self.count += 1
        reply = f"reply{self.count}"
        app.send_task("jobs.inference.generate", args=[reply, model_id, request])
        return reply

    def lines(self, reply: str) -> list[dict]:
        return [json.loads(entry[b"json"]) for _, entry in self.client.xrange(f"unroll:reply:{reply}")]

    def end(self, reply: str) -> dict:
        until(lambda: self.lines(reply) and self.lines(reply)[-1]["kind"] in ("done", "error"))
        return self.lines(reply)[-1]


def test_readers_of_a_published_model(start, valkey, checkpoint):
    squares = Model.objects.create(team=Team.objects.create(name="team"), name="squares", task="language_model")
    model = Version.objects.create(model=squares, step=10)
    shutil.copytree(checkpoint, folder(model.id))
    reader = Reader(valkey.client)
    worker = start("inference")
    serve = until(lambda: psutil.Process(worker.pid).children())[0]
    assert serve.nice() == 0

    reply = reader.ask(model.id, prompt="2 times ", length=20, seed=7, alternatives=2)
    assert reader.end(reply) == {"id": reply, "kind": "done", "seed": 7, "cancelled": False}
    tokens = [token for line in reader.lines(reply)[:-1] for token in line["tokens"]]
    assert (len(tokens), len(tokens[0]["alternatives"])) == (20, 2)
    assert 0 < valkey.client.ttl(f"unroll:reply:{reply}") <= 120

    refused = reader.end(reader.ask(model.id, prompt="🐙"))
    assert (refused["kind"], refused["field"]) == ("error", "prompt")
    assert "🐙" in refused["error"]
    assert reader.end(reader.ask("nobody"))["error"] == "The model was deleted."

    reply = reader.ask(model.id, length=10_000, count=16)
    until(lambda: reader.lines(reply))
    valkey.client.set(f"unroll:cancel:{reply}", 1)
    known = -1
    while known != (known := len(reader.lines(reply))):  # it writes no more
        time.sleep(1)
    assert reader.lines(reply)[-1]["kind"] == "tokens"

    reply = reader.ask(model.id, length=10_000)
    until(lambda: reader.lines(reply))
    serve.kill()
    assert reader.end(reply)["error"] == "The inference process died while it was at it."
    until(lambda: reader.end(reader.ask(model.id, length=3))["kind"] == "done")

    reply = reader.ask(model.id, length=10_000, count=16)
    until(lambda: reader.lines(reply))
    worker.terminate()
    assert worker.wait(10) == 0
    assert reader.lines(reply)[-1]["error"] == "The studio is ending."
