"""Answers from a model that predicts: classes, numbers, tags, other texts, forecasts.

``POST /api/v1/models/<id>/predict`` (session or token) and ``POST /s/<secret>/predict`` (a shared link, rate-limited).
Refused are: 409 (the model writes on), 422 (an input that cannot be read, named ``inputs.N`` with N from 1; an option
that the task does not have), 429 with Retry-After, 503.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from rnncore import catalog
from webapp.models import replies
from webapp.models.models import Model
from webapp.problems import Conflict, Invalid

MOST_INPUTS = 1000
MOST_CHARACTERS = 1_000_000  # of all inputs, as JSON


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


async def answer(model: Model, request: Request) -> dict[str, Any]:
    """``{"outputs": […]}``, one an input, in order. Raises Conflict, Invalid, Unavailable."""
    task = catalog.TASKS[model.task]
    if not task.predicts:
        raise Conflict(
            f"“{model.name}” is a model for {task.label.lower()}: it writes on and does not answer inputs. "
            "Ask its address …/generate."
        )
    size = len(json.dumps(request.inputs, ensure_ascii=False))
    if size > MOST_CHARACTERS:
        raise Invalid.at(
            "inputs", f"All inputs together have at most {MOST_CHARACTERS:,} characters; these have {size:,}. Send "
            "fewer at a time."
        )  # fmt: skip
    lines = await replies.begun("predict", model.id, request.model_dump(exclude_unset=True, exclude_none=True))
    outputs: list[dict[str, Any]] = []
    async for line in lines:
        if line["kind"] == "error":
            raise replies.refusal(line)
        outputs += line.get("outputs", [])
    return {"outputs": outputs}
