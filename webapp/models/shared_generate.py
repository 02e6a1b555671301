"""What a shared link can do besides showing its page: write text, so often a minute."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from pydantic import ValidationError

from webapp.api.problems import of_refusal, of_validation, response
from webapp.models import selectors
from webapp.models.api import answer
from webapp.models.generate import Request
from webapp.models.limits import count_request
from webapp.problems import Refused, TooLarge
from webapp.threads import in_thread


@csrf_exempt  # nothing here depends on who is logged in
@require_POST
async def generate(request: HttpRequest, secret: str) -> HttpResponseBase:
    """As ``POST /api/v1/models/<id>/generate``, for whoever has the link."""
    share = await in_thread(selectors.shared)(secret)
    if share is None:
        return response(404, "Not found", "This link is not known, was revoked or has expired.")
    try:
        body = Request.model_validate_json(request.body)
        await count_request(share.id, request.META.get("REMOTE_ADDR", ""))
        reply = await answer(request, share.model, body)
    except RequestDataTooBig:
        return of_refusal(TooLarge("A request's body has at most 4 MiB."))
    except ValidationError as error:
        return of_validation(error.errors())
    except Refused as refused:
        return of_refusal(refused)
    return JsonResponse(reply) if isinstance(reply, dict) else reply
