"""Text from a model, token by token: a request goes to the inference worker, its tokens come back over Redis.

The pages' two addresses, both POST with JSON, both answering server-sent events:
``/api/v1/models/<id>/generate`` (session or token) and ``/s/<secret>/generate`` (a shared link, rate-limited).
Events: ``data: {"kind": "tokens", "text": 0, "tokens": [{"token", "probability", "alternatives": [[token, p], …]}]}``,
then ``{"kind": "done", "seed": 7}`` or ``{"kind": "error", "error", "hint"}``. What can be refused before the first
token is: 422 (the fields, an unknown character in the prompt), 429 with Retry-After, 503.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from rnncore.recipe import MAX_PROMPT


class Request(BaseModel):
    """What a reader asks of a model. The same seed gives the same text every time."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    prompt: str = Field(default="", max_length=MAX_PROMPT, description="what the text goes on from, or empty")
    length: int = Field(default=300, ge=1, le=10_000, description="tokens to write")
    temperature: float = Field(default=0.8, ge=0, le=10, description="0 = always the likeliest token")
    top_k: int = Field(default=0, ge=0, le=200_000, description="only the k likeliest tokens, 0 = all")
    top_p: float = Field(default=1.0, gt=0, le=1, description="only the likeliest tokens that share this probability")
    seed: int | None = Field(default=None, ge=0, le=2**31 - 1, description="left out: a new one, which is told")
    count: int = Field(default=1, ge=1, le=16, description="texts to write")


async def tokens(model_id: str, request: Request) -> AsyncIterator[dict[str, Any]]:
    """The lines of the reply as they come; leaving the iteration cancels the work. Raises Unavailable."""
    raise NotImplementedError
    yield {}
