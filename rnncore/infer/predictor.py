"""Answers inputs in a thread of its own, a few at a time, so that neither a text that is written meanwhile nor another
request waits for a long one. Torch-free until the first request: then the model's module loads it.
"""

from __future__ import annotations

import inspect
import json
import re
import threading
import typing
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from rnncore.errors import CheckpointError, PromptError
from rnncore.infer.kept import Models
from rnncore.infer.refusals import refusal
from rnncore.infer.writing import FieldError

if TYPE_CHECKING:
    from rnncore.tasks import Model

TOGETHER = 8
"""Inputs that are answered in one turn."""

MOST_BYTES = 32 * 2**20
"""Of all outputs of a request, as JSON: they are held in memory on their way."""

Line = dict[str, Any]


class Predictor:
    """The predictions that are under way. ``say`` writes a line, from whatever thread."""

    def __init__(self, say: Callable[[Line], None], models: Models) -> None:
        self._say = say
        self._models = models
        self._changed = threading.Condition()
        self._active: dict[str | int, Iterator[Line]] = {}
        self._thread: threading.Thread | None = None
        self._closing = False

    def __contains__(self, identity: str | int) -> bool:
        return identity in self._active

    def begin(self, identity: str | int, body: dict[str, Any]) -> None:
        """Answer a request: ``folder``, ``inputs`` and the options of the task's ``Model.predict``."""
        with self._changed:
            self._active[identity] = self._answer(body)
            self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="predict", daemon=True)
            self._thread.start()

    def cancel(self, identity: str | int) -> bool:
        """Say no more of a request; whether it was under way."""
        with self._changed:
            return self._active.pop(identity, None) is not None

    def close(self) -> None:
        """Drop all requests and wait until the turn that is under way is over."""
        with self._changed:
            self._closing = True
            self._active.clear()
            self._changed.notify()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._active or self._closing)
                if self._closing:
                    return
                turns = list(self._active.items())
            for identity, answer in turns:
                try:
                    self._take_turn(identity, answer)
                except BrokenPipeError:
                    return  # nobody reads, so nobody asks either

    def _take_turn(self, identity: str | int, answer: Iterator[Line]) -> None:
        try:
            line = next(answer)
        except Exception as error:
            line = refusal(error)
        with self._changed:
            if self._active.get(identity) is not answer:
                return  # cancelled meanwhile
            if line["kind"] in ("done", "error"):
                del self._active[identity]
            self._say({"id": identity, **line})

    def _answer(self, body: dict[str, Any]) -> Iterator[Line]:
        folder, inputs = body.pop("folder", None), body.pop("inputs", None)
        if not isinstance(folder, str):
            raise FieldError("folder", f"must be the path of a model, not {folder!r:.60}")
        if not isinstance(inputs, list):
            raise FieldError("inputs", f"must be a list, not {inputs!r:.60}")
        model = self._models.predicting(folder)
        options = checked(model, body)
        written = 0
        for first in range(0, len(inputs), TOGETHER):
            try:
                outputs = model.predict(inputs[first : first + TOGETHER], **options)
            except PromptError as error:
                raise _renumbered(error, first) from None
            written += _size(outputs)
            if written > MOST_BYTES:
                raise FieldError("inputs", f"the outputs come to more than {MOST_BYTES // 2**20} MiB; ask for fewer")
            yield {"kind": "outputs", "outputs": outputs}
        yield {"kind": "done", "seed": None, "cancelled": False}


def checked(model: Model, options: dict[str, Any]) -> dict[str, Any]:
    """The options that ``model.predict`` takes. Raises FieldError at one that it does not, or of another type."""
    parameters = inspect.signature(model.predict).parameters.values()
    known = [each.name for each in parameters if each.name != "inputs" and each.kind is not each.VAR_KEYWORD]
    types = typing.get_type_hints(model.predict)
    for name, value in options.items():
        if name not in known:
            others = f"it has {', '.join(known)}" if known else "it has none"
            raise FieldError(name, f"is not an option of this model's task; {others}")
        try:
            TypeAdapter(types[name]).validate_python(value, strict=True)
        except ValidationError as error:
            message = error.errors()[0]["msg"]
            raise FieldError(name, message[0].lower() + message[1:]) from None
    return options


def _size(outputs: list[dict[str, Any]]) -> int:
    """Bytes of JSON. Raises CheckpointError where there is a number that JSON does not have."""
    try:
        return len(json.dumps(outputs, allow_nan=False))
    except ValueError:
        hint = "Its training went astray; publish an earlier checkpoint."
        raise CheckpointError("the model answers with numbers that are not finite", hint=hint) from None


def _renumbered(error: PromptError, first: int) -> PromptError:
    """The error with inputs counted as the request has them, not the turn."""
    message = re.sub(r"^inputs\.(\d+)", lambda found: f"inputs.{int(found[1]) + first}", str(error))
    return PromptError(message, hint=error.hint)
