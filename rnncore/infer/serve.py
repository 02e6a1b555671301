"""Many requests at once, over standard input and output: one JSON object a line, both ways.

Read::

    {"id": …, "op": "generate", "folder": …, and the fields of rnncore.infer.writing.Request}
    {"id": …, "op": "predict", "folder": …, "inputs": […], and the options of the task's Model.predict}
    {"id": …, "op": "cancel"}

Written::

    {"ready": true}                                          once, first
    {"id": …, "kind": "tokens", "text": 0, "tokens": [{"token", "probability", "alternatives": [[token, p], …]}, …]}
    {"id": …, "kind": "outputs", "outputs": [{…}, …]}            of the next inputs, in order
    {"id": …, "kind": "done", "seed": …, "cancelled": false}     the last line of an id …; of a prompt that was not
                                                                 known whole also what rnncore.infer.unknown says
    {"id": …, "kind": "error", "error": …, "hint": …, "field": …}   … or this; field is null where no field is wrong

Requests take turns, token by token, so that a long one holds up nobody; predictions have a thread of their own
(:mod:`rnncore.infer.predictor`), and PyTorch is loaded with the first of them. A request's first token is written at
once, the others together about thirty times a second. Models stay in memory, the most recent ones up to a limit, and
are read anew when their files change. The process ends when its input does.
"""

from __future__ import annotations

import json
import os
import select
import threading
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any, BinaryIO

from rnncore.errors import RnncoreError
from rnncore.infer.kept import Models
from rnncore.infer.predictor import Predictor
from rnncore.infer.refusals import refusal
from rnncore.infer.unknown import of_prompt
from rnncore.infer.writing import FieldError, Piece, Request, write

CACHE_BYTES = 2**30
FLUSH_SECONDS = 0.03
READ_BYTES = 2**20

Say = Callable[[dict[str, Any]], None]


def serve(requests: int, out: BinaryIO) -> None:
    """Answer the requests that the file descriptor ``requests`` gives on ``out``, until they end.

    Raises BrokenPipeError where nobody reads the answers.
    """

    speaking = threading.Lock()

    def say(body: dict[str, Any]) -> None:
        line = json.dumps(body, separators=(",", ":")).encode() + b"\n"
        with speaking:
            out.write(line)
            out.flush()

    models = Models(CACHE_BYTES)
    predictor = Predictor(say, models)
    desk = Desk(say, models, predictor)
    say({"ready": True})
    begun = b""
    try:
        while True:
            if desk.idle or select.select([requests], [], [], 0)[0]:
                if not (block := os.read(requests, READ_BYTES)):
                    return
                *lines, begun = (begun + block).split(b"\n")
                for line in lines:
                    desk.take(line)
            desk.turn()
    finally:
        predictor.close()


class Desk:
    """The requests that are under way, and whose turn it is."""

    def __init__(self, say: Say, models: Models, predictor: Predictor) -> None:
        self._say = say
        self._models = models
        self._predictor = predictor
        self._active: dict[str | int, Iterator[None]] = {}

    @property
    def idle(self) -> bool:
        return not self._active

    def take(self, line: bytes) -> None:
        """Start or cancel what a line asks for."""
        try:
            body = json.loads(line)
            if not isinstance(body, dict):
                raise FieldError("request", "must be a JSON object")
            identity, op = body.pop("id", None), body.pop("op", None)
            if not isinstance(identity, str | int):
                raise FieldError("id", f"must be a text or a number, not {identity!r:.60}")
            if op == "cancel":
                self._cancel(identity)
            elif op not in ("generate", "predict"):
                raise FieldError("op", f"must be generate, predict or cancel, not {op!r:.60}")
            elif identity in self._active or identity in self._predictor:
                raise FieldError("id", f"{identity!r:.60} is the id of a request that is not done")
            elif op == "predict":
                self._predictor.begin(identity, body)
            else:
                self._active[identity] = self._answer(identity, body)
        except (ValueError, RecursionError, RnncoreError) as error:
            self._say({"id": None, **refusal(error)})

    def turn(self) -> None:
        """One turn for every request."""
        for identity, answer in list(self._active.items()):
            try:
                next(answer)
            except StopIteration:
                del self._active[identity]
            except BrokenPipeError:
                raise
            except Exception as error:
                del self._active[identity]
                self._say({"id": identity, **refusal(error)})

    def _answer(self, identity: str | int, body: dict[str, Any]) -> Iterator[None]:
        folder = body.pop("folder", None)
        if not isinstance(folder, str):
            raise FieldError("folder", f"must be the path of a model, not {folder!r:.60}")
        request = Request.parse(body)
        tray = Tray(self._say, identity, request.count)
        runtime = self._models.writing(folder)
        for piece in write(runtime, request):
            if piece is not None:
                tray.put(piece)
            yield
        tray.empty()
        unknown = of_prompt(runtime.tokenizer, request.prompt)
        self._say({"id": identity, "kind": "done", "seed": request.seed, "cancelled": False, **unknown})

    def _cancel(self, identity: str | int) -> None:
        if self._active.pop(identity, None) is not None or self._predictor.cancel(identity):
            self._say({"id": identity, "kind": "done", "seed": None, "cancelled": True})


class Tray:
    """Pieces on their way out: the first at once, the others gathered for a moment."""

    def __init__(self, say: Say, identity: str | int, count: int) -> None:
        self._say = say
        self._identity = identity
        self._pieces: list[list[dict[str, Any]]] = [[] for _ in range(count)]
        self._due = 0.0

    def put(self, piece: Piece) -> None:
        row = {"token": piece.token, "probability": piece.probability, "alternatives": piece.alternatives}
        self._pieces[piece.text].append(row)
        if monotonic() >= self._due:
            self.empty()

    def empty(self) -> None:
        for text, pieces in enumerate(self._pieces):
            if pieces:
                self._say({"id": self._identity, "kind": "tokens", "text": text, "tokens": pieces})
                self._pieces[text] = []
        self._due = monotonic() + FLUSH_SECONDS
