"""Text from a model, token by token.

The pages' two addresses, both POST with JSON, both answering server-sent events:
``/api/v1/models/<id>/generate`` (session or token) and ``/s/<secret>/generate`` (a shared link, rate-limited).
Events: ``data: {"kind": "tokens", "text": 0, "tokens": [{"token", "probability", "alternatives": [[token, p], …]}]}``,
then ``{"kind": "done", "seed": 7}`` or ``{"kind": "error", "error", "hint"}``; the former has ``unknown``,
``unknown_at`` and ``tokens_read`` (see :mod:`rnncore.infer.unknown`) where the model does not know all words of the
prompt. What can be refused before the first token is: 409 (the model answers inputs), 422 (the fields, an unknown
character in the prompt), 429 with Retry-After, 503.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from pydantic import BaseModel, ConfigDict, Field

from rnncore.recipe import MAX_PROMPT
from webapp.models import replies
from webapp.models.models import Version
from webapp.models.replies import Line
from webapp.problems import Invalid, Unavailable

ALTERNATIVES = 5


class Request(BaseModel):
    """What a reader asks of a model. The same seed gives the same text every time."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    prompt: str = Field(default="", max_length=MAX_PROMPT, description="what the text goes on from, or empty")
    label: str | None = Field(default=None, max_length=1000, description="what it is written for, where a model asks")
    length: int = Field(default=300, ge=1, le=10_000, description="tokens to write")
    temperature: float = Field(default=0.8, ge=0, le=10, description="0 = always the likeliest token")
    top_k: int = Field(default=0, ge=0, le=200_000, description="only the k likeliest tokens, 0 = all")
    top_p: float = Field(default=1.0, gt=0, le=1, description="only the likeliest tokens that share this probability")
    seed: int | None = Field(default=None, ge=0, le=2**53 - 1, description="left out: a new one, which is told")
    count: int = Field(default=1, ge=1, le=16, description="texts to write")


async def answer(request: HttpRequest, version: Version, body: Request) -> StreamingHttpResponse | dict[str, Any]:
    """The reply in the form that the request accepts: a stream of events, or all at once.

    Raises Conflict (the model does not write), Invalid, Unavailable.
    """
    lines = await _begun(version, body)
    if "text/event-stream" not in request.headers.get("Accept", ""):
        return await _whole(lines, body.count)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(_as_events(lines), content_type="text/event-stream; charset=utf-8", headers=headers)


async def _begun(version: Version, request: Request) -> AsyncIterator[Line]:
    model = version.model
    replies.refuse_other("generate", model)
    if model.task == "language_model" and request.label is not None:
        raise Invalid.at("label", "A language model takes none; it goes on from a prompt.")
    body = request.model_dump(exclude_none=True) | {"alternatives": ALTERNATIVES}
    body.setdefault("seed", secrets.randbelow(2**31))
    return await replies.begun("generate", version.id, body)


async def _whole(lines: AsyncIterator[Line], count: int) -> dict[str, Any]:
    """All of a reply at once: {texts: [{text, tokens}], seed}, and what of the prompt is unknown where something is."""
    texts: list[list[dict[str, Any]]] = [[] for _ in range(count)]
    last: Line = {}
    async for line in lines:
        if line["kind"] == "tokens":
            texts[line["text"]] += line["tokens"]
        elif line["kind"] == "error":
            raise replies.refusal(line)
        else:
            last = {name: value for name, value in line.items() if name not in ("kind", "cancelled")}
    return {"texts": [{"text": "".join(t["token"] for t in text), "tokens": text} for text in texts], **last}


async def _as_events(lines: AsyncIterator[Line]) -> AsyncIterator[bytes]:
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
