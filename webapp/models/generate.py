"""Text from a model, token by token: a request goes to the inference worker, its tokens come back over Redis.

The pages' two addresses, both POST with JSON, both answering server-sent events:
``/api/v1/models/<id>/generate`` (session or token) and ``/s/<secret>/generate`` (a shared link, rate-limited).
Events: ``data: {"kind": "tokens", "text": 0, "tokens": [{"token", "probability", "alternatives": [[token, p], …]}]}``,
then ``{"kind": "done", "seed": 7}`` or ``{"kind": "error", "error", "hint"}``. What can be refused before the first
token is: 422 (the fields, an unknown character in the prompt), 429 with Retry-After, 503.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncIterator
from typing import Any

import redis
from django.conf import settings
from kombu.exceptions import OperationalError
from pydantic import BaseModel, ConfigDict, Field
from redis.asyncio import Redis

from jobs.app import app
from rnncore.recipe import MAX_PROMPT
from webapp import workers
from webapp.ids import new_id
from webapp.problems import Invalid, Refused, Unavailable

ALTERNATIVES = 5
SILENCE = 30  # seconds without a token until the worker counts as gone; reading a large model takes a few
REPLY, CANCEL = "unroll:reply:", "unroll:cancel:"

Line = dict[str, Any]

log = logging.getLogger(__name__)


class Request(BaseModel):
    """What a reader asks of a model. The same seed gives the same text every time."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    prompt: str = Field(default="", max_length=MAX_PROMPT, description="what the text goes on from, or empty")
    length: int = Field(default=300, ge=1, le=10_000, description="tokens to write")
    temperature: float = Field(default=0.8, ge=0, le=10, description="0 = always the likeliest token")
    top_k: int = Field(default=0, ge=0, le=200_000, description="only the k likeliest tokens, 0 = all")
    top_p: float = Field(default=1.0, gt=0, le=1, description="only the likeliest tokens that share this probability")
    seed: int | None = Field(default=None, ge=0, le=2**53 - 1, description="left out: a new one, which is told")
    count: int = Field(default=1, ge=1, le=16, description="texts to write")


async def begun(model_id: str, request: Request) -> AsyncIterator[Line]:
    """The reply, once its first line is there, so that a refusal can still be answered as one.

    Raises Invalid (a prompt that the model cannot read), Unavailable (no worker, no Redis). Close what is returned.
    """
    lines = tokens(model_id, request)
    first = await anext(lines)
    if first["kind"] == "error":
        await lines.aclose()
        raise _refusal(first)
    return _with_first(first, lines)


async def tokens(model_id: str, request: Request) -> AsyncIterator[Line]:
    """The lines of the reply as they come; leaving the iteration cancels the work. Raises Unavailable."""
    reply = new_id()
    body = request.model_dump() | {"alternatives": ALTERNATIVES}
    if body["seed"] is None:
        body["seed"] = secrets.randbelow(2**31)
    try:
        async with Redis.from_url(settings.REDIS_URL, decode_responses=True, socket_timeout=SILENCE + 5) as client:
            ended = False
            try:
                await asyncio.to_thread(_ask, reply, model_id, body)
                async for line in _lines(client, reply):
                    ended = line["kind"] in ("done", "error")
                    yield line
            finally:
                if not ended:
                    await client.set(f"{CANCEL}{reply}", 1, ex=120)
    except (redis.RedisError, OperationalError, OSError) as error:
        log.warning("a reply was cut off: %s", error)
        raise Unavailable("The studio's Redis does not answer. Try again in a moment.") from error


def _ask(reply: str, model_id: str, body: dict[str, Any]) -> None:
    if workers.alive("inference") == 0:
        raise Unavailable("No inference worker is running. Start one, or wait until it is up.")
    app.send_task("jobs.inference.generate", args=[reply, model_id, body], expires=SILENCE, retry=False)


async def _lines(client: Redis, reply: str) -> AsyncIterator[Line]:
    """What the worker writes to the reply's stream, up to its last line."""
    last = "0-0"
    while True:
        found = await client.xread({f"{REPLY}{reply}": last}, block=SILENCE * 1000, count=200)
        if not found:
            raise Unavailable(f"The inference worker was silent for {SILENCE} s.")
        for last, entry in found[0][1]:  # noqa: B007 - kept for the next read
            line = json.loads(entry["json"])
            yield {key: value for key, value in line.items() if key != "id"}
            if line["kind"] in ("done", "error"):
                return


async def _with_first(first: Line, rest: AsyncIterator[Line]) -> AsyncIterator[Line]:
    try:
        yield first
        async for line in rest:
            yield line
    finally:
        await rest.aclose()


def _refusal(line: Line) -> Refused:
    message = ". ".join(filter(None, (line["error"].rstrip("."), line.get("hint"))))
    field = line.get("field")
    return Invalid(message, errors=[(field, line["error"])]) if field == "prompt" else Unavailable(message)


async def whole(lines: AsyncIterator[Line], count: int) -> dict[str, Any]:
    """All of a reply at once: {texts: [{text, tokens}], seed}."""
    texts: list[list[dict[str, Any]]] = [[] for _ in range(count)]
    seed = None
    async for line in lines:
        if line["kind"] == "tokens":
            texts[line["text"]] += line["tokens"]
        elif line["kind"] == "error":
            raise _refusal(line)
        else:
            seed = line["seed"]
    return {"texts": [{"text": "".join(t["token"] for t in text), "tokens": text} for text in texts], "seed": seed}


async def as_events(lines: AsyncIterator[Line]) -> AsyncIterator[bytes]:
    """The reply as server-sent events."""
    try:
        async for line in lines:
            yield _event(line)
    except Unavailable as error:
        yield _event({"kind": "error", "error": str(error), "hint": ""})
    finally:
        await lines.aclose()


def _event(line: Line) -> bytes:
    return f"event: {line['kind']}\ndata: {json.dumps(line, separators=(',', ':'))}\n\n".encode()
