"""Answers from a model that predicts: classes, numbers, tags, other texts, forecasts.

``POST /api/v1/models/<id>/predict`` (session or token) and ``POST /s/<secret>/predict`` (a shared link, rate-limited).
Refused are: 409 (the model writes on), 422 (an input that cannot be read, named ``inputs.N`` with N from 1; an option
that the task does not have), 429 with Retry-After, 503.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from webapp.models import replies
from webapp.models.models import Version
from webapp.problems import Invalid

MOST_INPUTS = 1000
MOST_SHARED = 100  # inputs at a time through a link, for which nobody has an account
MOST_CHARACTERS = 1_000_000  # of all inputs, as JSON
MOST_OF_ONE = 100_000  # of one that is a sequence: a network's memory grows with it
MOST_EXPLAINED = 2_000  # of one whose tokens are hidden one after the other


class Request(BaseModel):
    """Inputs, and options that some tasks have."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    inputs: list[Any] = Field(
        min_length=1, max_length=MOST_INPUTS,
        description="each a text, a list of tokens or numbers, or an object by column name",
    )  # fmt: skip
    explain: bool = Field(default=False, description="classification, regression: how much each token mattered")
    beam_size: int | None = Field(default=None, ge=1, le=64, description="seq2seq: outputs kept side by side")
    alternatives: int | None = Field(default=None, ge=1, le=64, description="seq2seq: so many of them are told")


async def answer(version: Version, request: Request) -> dict[str, Any]:
    """``{"outputs": […]}``, one an input, in order. Raises Conflict, Invalid, Unavailable."""
    model = version.model
    replies.refuse_other("predict", model)
    _check_sizes(request, model.task)
    lines = await replies.begun("predict", version.id, request.model_dump(exclude_unset=True, exclude_none=True))
    outputs: list[dict[str, Any]] = []
    async for line in lines:
        if line["kind"] == "error":
            raise replies.refusal(line)
        outputs += line.get("outputs", [])
    return {"outputs": outputs}


def _check_sizes(request: Request, kind: str) -> None:
    sizes = [len(json.dumps(item, ensure_ascii=False)) for item in request.inputs]
    most = MOST_EXPLAINED if request.explain else MOST_CHARACTERS if kind == "forecasting" else MOST_OF_ONE
    for number, size in enumerate(sizes, 1):
        if size > most:
            explained, mend = ("that is explained ", "leave the explaining out, or ") if request.explain else ("", "")
            message = (
                f"An input {explained}has at most {most:,} characters; this has {size:,}: {mend}send a shorter one."
            )
            raise Invalid.at(f"inputs.{number}", message)
    if sum(sizes) > MOST_CHARACTERS:
        message = (
            f"All together have at most {MOST_CHARACTERS:,} characters, these {sum(sizes):,}: send fewer at a time."
        )
        raise Invalid.at("inputs", message)
