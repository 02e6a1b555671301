"""What a shared link can do besides showing its page: write text or answer inputs, so often a minute."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from pydantic import BaseModel, ValidationError

from webapp.api.problems import of_refusal, of_validation, response
from webapp.models import generate as generation
from webapp.models import predict as prediction
from webapp.models import selectors
from webapp.models.limits import count_request
from webapp.models.models import Version
from webapp.problems import Invalid, Refused, TooLarge
from webapp.threads import in_thread

Body = TypeVar("Body", bound=BaseModel)


@csrf_exempt  # nothing here depends on who is logged in
@require_POST
async def generate(request: HttpRequest, secret: str) -> HttpResponseBase:
    """As ``POST /api/v1/models/<id>/generate``, for whoever has the link."""
    return await _answered(
        request, secret, generation.Request, lambda version, body: generation.answer(request, version, body)
    )


@csrf_exempt
@require_POST
async def predict(request: HttpRequest, secret: str) -> HttpResponseBase:
    """As ``POST /api/v1/models/<id>/predict``, for whoever has the link."""
    return await _answered(request, secret, prediction.Request, _predicted)


async def _predicted(version: Version, body: prediction.Request) -> dict[str, Any]:
    if (count := len(body.inputs)) > prediction.MOST_SHARED:
        raise Invalid.at("inputs", f"A link answers at most {prediction.MOST_SHARED} inputs at a time, not {count}.")
    return await prediction.answer(version, body)


async def _answered(
    request: HttpRequest, secret: str, kind: type[Body], answer: Callable[[Version, Body], Awaitable[Any]]
) -> HttpResponseBase:
    share = await in_thread(selectors.shared)(secret)
    if share is None:
        return response(404, "Not found", "This link is not known, was revoked or has expired.")
    try:
        body = kind.model_validate_json(request.body)
        await count_request(share.id, request.META.get("REMOTE_ADDR", ""))
        reply = await answer(share.shown, body)
    except RequestDataTooBig:
        return of_refusal(TooLarge("A request's body has at most 4 MiB."))
    except ValidationError as error:
        return of_validation(error.errors())
    except Refused as refused:
        return of_refusal(refused)
    return JsonResponse(reply) if isinstance(reply, dict) else reply
