"""A request for text, and the pieces that answer it."""

from __future__ import annotations

import codecs
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from rnncore.errors import RequestError
from rnncore.infer.runtime import Runtime, State
from rnncore.infer.samplers import Sampler, runners_up

PRIME_CHUNK = 64
"""Tokens of a prompt that are read in one turn."""

BOUNDS: dict[str, tuple[float, float]] = {
    "length": (1, 100_000), "temperature": (0, 10), "top_k": (0, 1_000_000), "top_p": (0, 1), "seed": (0, 2**53 - 1),
    "count": (1, 20), "alternatives": (0, 20),
}  # fmt: skip
"""Smallest and largest value of a field; ``top_p`` is also more than 0, and seeds are exact numbers in JavaScript."""


class FieldError(RequestError):
    """A field of a request is wrong; ``field`` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to write: ``count`` texts of ``length`` tokens each (fewer where a text ends before) that go on from
    ``prompt``, for the condition ``label`` (see :meth:`rnncore.data.conditions.Conditions.parse`).

    ``top_k`` 0 and ``top_p`` 1 are off, temperature 0 always takes the likeliest token, ``alternatives`` is how many
    runners-up are told with each token. The same request to the same model gives the same texts.
    """

    prompt: str = ""
    label: str | None = None
    length: int = 300
    temperature: float = 0.8
    top_k: int = 0
    top_p: float = 1.0
    seed: int
    count: int = 1
    alternatives: int = 5

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Request:
        """A request from JSON. Fields may be missing; a missing seed is drawn. Raises FieldError."""
        body = {name: value for name, value in body.items() if value is not None}
        known = {field.name: field.type for field in fields(cls)}
        for name, value in body.items():
            if name not in known:
                raise FieldError(name, "is not a field of a request")
            _check(name, value, known[name])
        return cls(**{"seed": secrets.randbelow(2**31), **body})


def _check(name: str, value: Any, kind: str) -> None:
    if name in ("prompt", "label"):
        if not isinstance(value, str):
            raise FieldError(name, f"must be a text, not {value!r:.60}")
        return
    numbers, word = ((int,), "a whole number") if kind == "int" else ((int, float), "a number")
    low, high = BOUNDS[name]
    if isinstance(value, bool) or not isinstance(value, numbers):
        raise FieldError(name, f"must be {word}, not {value!r:.60}")
    if not low <= value <= high:
        raise FieldError(name, f"must be {low:,} to {high:,}, not {value!r:.60}")
    if name == "top_p" and value == 0:
        raise FieldError(name, "must be more than 0; 1 is off")


@dataclass(frozen=True)
class Piece:
    """One token of text number ``text``, counted from 0.

    ``token`` is what it adds to the text: pieces joined are the text. It is empty where a character is not whole yet,
    and the piece that completes the character holds it. ``alternatives``: runners-up, most probable first, for people.
    """

    text: int
    token: str
    probability: float
    alternatives: list[tuple[str, float]]


def write(runtime: Runtime, request: Request) -> Iterator[Piece | None]:
    """The pieces of all texts, in turns: each ``next`` reads a chunk of the prompt, ends a text (None) or writes one
    token.

    Raises PromptError for a prompt that the model cannot read or a condition that it does not know.
    """
    runtime = runtime.given(request.label)
    state = runtime.start()
    opening = runtime.tokenizer.opening(request.prompt)
    for begin in range(0, len(opening), PRIME_CHUNK):
        runtime.read(state, opening[begin : begin + PRIME_CHUNK])
        yield None
    texts = [_Text(runtime, request, number, state.copy()) for number in range(request.count)]
    for left in reversed(range(request.length)):
        for text in texts:
            if not text.ended:
                yield text.piece(final=left == 0)


class _Text:
    """One text as it is written."""

    def __init__(self, runtime: Runtime, request: Request, number: int, state: State) -> None:
        self.runtime, self.number, self.alternatives = runtime, number, request.alternatives
        self.state = state
        self.scores = runtime.scores(state)
        self.sampler = Sampler(
            temperature=request.temperature, top_k=request.top_k, top_p=request.top_p, seed=request.seed,
            number=number, banned=runtime.tokenizer.banned,
        )  # fmt: skip
        self.utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self.glue = runtime.tokenizer.glue if request.prompt else b""
        self.ended = False

    def piece(self, *, final: bool) -> Piece | None:
        """The next token; None where the text ends, unless that leaves a character cut off."""
        tokenizer = self.runtime.tokenizer
        token, probabilities = self.sampler.draw(self.scores)
        if token == tokenizer.end_id:
            self.ended = True
            rest = self.utf8.decode(b"", True)
            return Piece(self.number, rest, float(probabilities[token]), []) if rest else None
        if not final:
            self.scores = self.runtime.step(self.state, token)
        glue, self.glue = self.glue, tokenizer.glue
        others = runners_up(probabilities, token, self.alternatives) if self.alternatives else []
        return Piece(
            self.number,
            self.utf8.decode(glue + tokenizer.token_bytes(token), final),
            float(probabilities[token]),
            [(tokenizer.token(other), float(probabilities[other])) for other in others],
        )
