"""A request to a model goes to the inference worker; its lines come back over Redis as they are written."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import redis
from django.conf import settings
from kombu.exceptions import OperationalError
from redis.asyncio import Redis

from jobs.app import app
from webapp import workers
from webapp.ids import new_id
from webapp.models.models import Model
from webapp.problems import Conflict, Invalid, Refused, Unavailable

SILENCE = 30  # seconds without a line until the worker counts as gone; reading a large model takes a few
REPLY, CANCEL = "unroll:reply:", "unroll:cancel:"
OURS = (None, "folder", "id", "op", "request")  # what a person who asks has no part in

Line = dict[str, Any]

log = logging.getLogger(__name__)


def refuse_other(job: str, model: Model) -> None:
    """Raises Conflict where the model's task is not one that ``job`` (``generate`` or ``predict``) can be asked for."""
    if model.choice.predicts and job == "generate":
        does = "answers inputs and does not write on. Ask its address …/predict."
    elif not model.choice.predicts and job == "predict":
        does = "writes on and does not answer inputs. Ask its address …/generate."
    else:
        return
    raise Conflict(f"“{model.name}” is a model for {model.choice.label.lower()}: it {does}")


async def begun(job: str, version_id: str, body: dict[str, Any]) -> AsyncIterator[Line]:
    """The reply, once its first line is there, so that a refusal can still be answered as one.

    ``job``: ``generate`` or ``predict``. Raises Invalid (what the model cannot read, an option that it does not have),
    Unavailable (no worker, no Redis). Close what is returned.
    """
    reply = lines(job, version_id, body)
    first = await anext(reply)
    if first["kind"] == "error":
        await reply.aclose()
        raise refusal(first)
    return _with_first(first, reply)


async def lines(job: str, version_id: str, body: dict[str, Any]) -> AsyncIterator[Line]:
    """The lines of the reply as they come; leaving the iteration cancels the work. Raises Unavailable."""
    reply = new_id()
    try:
        async with Redis.from_url(settings.REDIS_URL, decode_responses=True, socket_timeout=SILENCE + 5) as client:
            ended = False
            try:
                await asyncio.to_thread(_ask, job, reply, version_id, body)
                async for line in _read(client, reply):
                    ended = line["kind"] in ("done", "error")
                    yield line
            finally:
                if not ended:
                    await client.set(f"{CANCEL}{reply}", 1, ex=120)
    except (redis.RedisError, OperationalError, OSError) as error:
        log.warning("a reply was cut off: %s", error)
        raise Unavailable("The studio's Redis does not answer. Try again in a moment.") from error


def refusal(line: Line) -> Refused:
    """A line of kind ``error`` as what a person is told."""
    message = ". ".join(filter(None, (line["error"].rstrip("."), line.get("hint"))))
    field = line.get("field")
    return Unavailable(message) if field in OURS else Invalid(message, errors=[(field, line["error"])])


def _ask(job: str, reply: str, version_id: str, body: dict[str, Any]) -> None:
    if workers.alive("inference") == 0:
        raise Unavailable("No inference worker is running. Start one, or wait until it is up.")
    app.send_task(f"jobs.inference.{job}", args=[reply, version_id, body], expires=SILENCE, retry=False)


async def _read(client: Redis, reply: str) -> AsyncIterator[Line]:
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
