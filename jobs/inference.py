"""Interactive inference: passes a request on to the inference process, and what it writes to the reader.

The reply is a Redis stream ``unroll:reply:<id>`` with one entry ``{"json": line}`` for each line that ``rnncore serve``
writes for the request. When the key ``unroll:cancel:<id>`` appears, the reader has left.
"""

from __future__ import annotations

import json
import logging
import queue
from functools import cache
from typing import Any

import redis
from celery.signals import worker_ready, worker_shutting_down
from django.conf import settings

from jobs import presence
from jobs.app import app
from jobs.ports import Unavailable, model_store
from jobs.server import Server
from jobs.shutdown import stopping

REPLY, CANCEL = "unroll:reply:", "unroll:cancel:"
EXPIRES = 120  # seconds after its last line
LOOK = 0.2  # seconds between looks for a reader that has left

log = logging.getLogger(__name__)

_server = Server(stopping)


@app.task
def generate(reply_id: str, model_id: str, request: dict[str, Any]) -> None:
    """Writes text with a published model; ``request`` has the fields of ``rnncore.infer.writing.Request``."""
    _answer(reply_id, model_id, "generate", request)


@app.task
def predict(reply_id: str, model_id: str, request: dict[str, Any]) -> None:
    """Answers inputs with a published model; ``request`` has ``inputs`` and the options of the task."""
    _answer(reply_id, model_id, "predict", request)


def _answer(reply_id: str, model_id: str, op: str, request: dict[str, Any]) -> None:
    reply = Reply(reply_id)
    try:
        folder = model_store().folder(model_id)
    except KeyError:
        reply.say(_refusal("The model was deleted.", ""))
    except Unavailable:
        reply.say(_refusal("The database is away.", "Try again in a moment."))
    else:
        answers = _server.ask(reply_id, op, {**request, "folder": str(folder)})
        try:
            with presence.doing("model", model_id):
                _relay(answers, reply)
        except redis.RedisError as error:
            log.warning("reply %s is cut off: %s", reply_id, error)
        finally:
            _server.cancel(reply_id)


class Reply:
    """The stream that a reader reads."""

    def __init__(self, reply_id: str) -> None:
        self._stream, self._cancel = REPLY + reply_id, CANCEL + reply_id

    def say(self, *lines: dict[str, Any]) -> bool:
        """Appends lines, if any; whether the reader is still there."""
        with _redis().pipeline(transaction=False) as pipe:
            for line in lines:
                pipe.xadd(self._stream, {"json": json.dumps(line, separators=(",", ":"))})
            if lines:
                pipe.expire(self._stream, EXPIRES)
            pipe.exists(self._cancel)
            return not pipe.execute()[-1]


def _relay(answers: queue.SimpleQueue[dict[str, Any]], reply: Reply) -> None:
    """Passes lines on until the last one, or until the reader leaves."""
    while True:
        try:
            lines = [answers.get(timeout=LOOK)]
        except queue.Empty:
            lines = []
        if stopping.is_set():
            lines = [_refusal("The studio is ending.", "Try again when it is back.")]
        if not reply.say(*lines) or any(line["kind"] in ("done", "error") for line in lines):
            return


def _refusal(error: str, hint: str) -> dict[str, Any]:
    return {"kind": "error", "error": error, "hint": hint, "field": None}


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=10, socket_connect_timeout=5)


@worker_ready.connect
def _start(sender, **_: object) -> None:
    if presence.role_of(sender) == "inference":
        _server.start()


@worker_shutting_down.connect
def _stop(**_: object) -> None:
    stopping.set()  # whichever of the two receivers is called first
    _server.stop()
