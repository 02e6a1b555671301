"""What the tests of the web floor share: a real server, and things that are there already."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from django.test import Client
from django.utils import timezone

from rnncore.events import iso


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """The studio's web server, in a thread of the test's process, so that both see the same settings."""

    def __init__(self) -> None:
        from webapp.asgi import application

        config = uvicorn.Config(application, port=0, log_level="error", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    def request(
        self, method: str, path: str, *,
        token: str | None = None, body: Any = None, headers: dict[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """One request over a connection of its own; a dict or list as body is sent as JSON."""
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if isinstance(body, dict | list):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, urlsplit(path)._replace(scheme="", netloc="").geturl(), body=body, headers=sent)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()


@pytest.fixture
def server(transactional_db):
    """A running web server over the test's database."""
    running = Server()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def token():
    """Makes an API token of somebody."""
    from webapp.accounts.services import create_token

    return lambda user: create_token(user=user, name="test")[1]


@pytest.fixture
def as_():
    """A browser in which somebody is signed in."""

    def sign_in(user) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def signed_in(as_, alice) -> Client:
    return as_(alice)


class Maker:
    """Things as they are after uploads, readings and trainings, without their time."""

    text = "the quick brown fox jumps over the lazy dog\n" * 200

    def dataset(self, team, *, text: str | None = None, name: str = "foxes.txt", status: str = "ready"):
        """A dataset whose version was read (or is being read, or failed)."""
        from webapp.datasets import blobs
        from webapp.datasets.models import Dataset, Version
        from webapp.datasets.words import summary

        raw = (text or self.text).encode()
        dataset = Dataset.objects.create(team=team, name=name)
        version = Version(dataset=dataset, filename=name, status=status, bytes=len(raw))
        if status == "ready":
            version.sha256 = hashlib.sha256(raw).hexdigest()
            path = blobs.path_of(version.sha256)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(raw)
            version.inspection = {"format": "text", "statistics": statistics(raw.decode()), "problems": []}
            version.format, version.summary = "text", summary(version.inspection)
        if status == "failed":
            version.error = {"message": "The file is empty.", "hint": "", "line": None, "offset": None}
        version.save()
        return dataset

    def read(self, team, **given: Any):
        """A dataset as the reading job leaves it: its inspection is the real one."""
        from rnncore.data.inspect import inspect
        from webapp.datasets import blobs
        from webapp.datasets.words import summary

        dataset = self.dataset(team, **given)
        version = dataset.version
        version.inspection = inspect(blobs.path_of(version.sha256), name=version.filename)
        version.format, version.summary = version.inspection["format"], summary(version.inspection)
        version.save()
        return dataset

    def table(self, team, *, name: str = "words.csv", text: str | None = None):
        """A table of words and what kind of word each is, as the reading job leaves it."""
        return self.read(team, name=name, text=text or words())

    def run(self, team, *, dataset=None, status: str = "queued", name: str = "a run", recipe=None):
        from webapp.runs.models import Run

        version = (dataset or self.dataset(team)).version
        recipe = recipe or {"task": {"kind": "language_model", "tokens": "char"}}
        return Run.objects.create(
            team=team, name=name, version=version, recipe=recipe, filled=recipe, status=status,
            queued_at=timezone.now(),
        )  # fmt: skip

    def events(self, run, *events: dict[str, Any]) -> None:
        """Appends events to the run's feed; seq and at are filled in."""
        from webapp.runs import feed
        from webapp.runs.models import Run

        row = Run.objects.get(id=run.id)
        at = iso(1_700_000_000_000)
        feed.append(row, [{"seq": seq, "at": at, **event} for seq, event in enumerate(events, row.last_seq + 1)])
        run.refresh_from_db()

    def checkpoint(self, run, step: int, *, best: bool = False) -> None:
        """Files as a trainer leaves them; the weights mean nothing, the tokenizer is the text's."""
        from rnncore.data import tokens
        from webapp.runs.store import folder

        out = folder(run.id) / "out"
        path = out / "checkpoints" / f"step-{step:08d}"
        path.mkdir(parents=True)
        (path / "model.safetensors").write_bytes(b"weights of step %d" % step)
        for name in ("network.json", "recipe.json", "state.json"):
            (path / name).write_text(json.dumps({"step": step}))
        tokens.build("char", [self.text]).save(path / "tokenizer.json")
        for pointer in ("last", "best") if best else ("last",):
            (out / pointer).unlink(missing_ok=True)
            (out / pointer).symlink_to(f"checkpoints/{path.name}")
        self.events(run, {
            "kind": "checkpointed", "step": step, "path": f"checkpoints/{path.name}", "best": best,
            "sha256": hashlib.sha256(b"weights of step %d" % step).hexdigest(),
        })  # fmt: skip

    def trained(self, team, **given: Any):
        """A finished run with two checkpoints, the first of them the best."""
        run = self.run(team, **given)
        self.events(
            run,
            {"kind": "started", "step": 0, "parameters": 1000, "steps": 20, "tokens": 8800, "device": "cpu",
             "precision": "float32", "vocabulary_size": 28},
            {"kind": "baseline", "step": 0, "name": "3-gram", "loss": 2.5, "metrics": {"bits_per_character": 3.6}},
            {"kind": "evaluated", "step": 10, "split": "valid", "loss": 1.5, "metrics": {"bits_per_character": 2.16}},
            {"kind": "sampled", "step": 10, "prompt": "the ", "temperature": 0.8, "text": "quick ```<b>dog</b>"},
        )  # fmt: skip
        self.checkpoint(run, 10, best=True)
        self.events(
            run,
            {"kind": "evaluated", "step": 20, "split": "valid", "loss": 1.7, "metrics": {"bits_per_character": 2.4}},
        )
        self.checkpoint(run, 20)
        type(run).objects.filter(id=run.id).update(status="finished")
        run.refresh_from_db()
        return run

    def model(self, team, user, **given: Any):
        from webapp.models.services import publish

        return publish(user=user, run=given.pop("run", None) or self.trained(team), name="foxes", **given)


def words(count: int = 60) -> str:
    """A CSV file: words of vowels are "soft", words of consonants "hard"."""
    rows = [f"{'aeiou'[i % 5]}{'aeiou'[i // 5 % 5]}{'aeiou'[i // 25 % 5]},soft" for i in range(count)]
    rows += [f"{'bcdfg'[i % 5]}{'bcdfg'[i // 5 % 5]}{'bcdfg'[i // 25 % 5]},hard" for i in range(count)]
    return "word,kind\n" + "\n".join(rows) + "\n"


def statistics(text: str) -> dict[str, Any]:
    counts = sorted(((char, text.count(char)) for char in set(text)), key=lambda item: -item[1])
    return {"characters": len(text), "lines": text.count("\n"), "vocabulary_size": len(counts), "vocabulary": counts}


@pytest.fixture
def make(db):
    return Maker()


@pytest.fixture
def dataset(make, alice):
    """A text of hers, read as it is in earnest."""
    return make.read(alice.personal_team)
