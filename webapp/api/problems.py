"""Errors as RFC 9457 problem details, in one shape whoever raised them."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as NinjaValidationError

from rnncore.errors import RecipeError
from webapp.problems import Invalid, Refused, TooLarge, Unauthorized

CONTENT_TYPE = "application/problem+json"

log = logging.getLogger(__name__)

Errors = Sequence[tuple[str, str]]


def as_body(status: int, title: str, detail: str, errors: Errors = ()) -> dict[str, Any]:
    """The JSON object; ``errors`` are (field, message), the field as a dotted path."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if errors:
        body["errors"] = [{"field": field, "message": message} for field, message in errors]
    return body


def response(status: int, title: str, detail: str, errors: Errors = ()) -> HttpResponse:
    """The same as an answer of Django's."""
    return HttpResponse(json.dumps(as_body(status, title, detail, errors)), status=status, content_type=CONTENT_TYPE)


def of_refusal(refused: Refused) -> HttpResponse:
    """What a service refused."""
    answer = response(refused.status, refused.title, str(refused), refused.errors)
    for name, value in refused.headers.items():
        answer[name] = value
    return answer


def of_validation(items: Sequence[dict[str, Any]]) -> HttpResponse:
    """What pydantic found."""
    malformed = [item["msg"] for item in items if item["type"] == "json_invalid"]
    if malformed:
        return response(400, "Malformed JSON", malformed[0])
    errors = [(".".join(str(part) for part in item["loc"]) or "body", message_of(item)) for item in items]
    return of_refusal(Invalid("; ".join(f"{field}: {message}" for field, message in errors), errors=errors))


def handle(api: NinjaAPI) -> None:
    """Makes every error of the API a problem."""
    handlers = {
        Refused: of_refusal,
        RecipeError: lambda e: of_refusal(Invalid(str(e), errors=[(f"recipe.{f}", m) for f, m in e.errors])),
        AuthenticationError: lambda e: of_refusal(Unauthorized()),
        NinjaValidationError: lambda e: of_validation([{**item, "loc": _sent(item["loc"])} for item in e.errors]),
        RequestDataTooBig: lambda e: of_refusal(TooLarge("A request's body has at most 4 MiB; upload it as a file.")),
        Http404: lambda e: response(404, "Not found", _words(e) or "There is nothing here."),
        PermissionDenied: lambda e: response(403, "Not allowed", _words(e) or "Your role does not allow this."),
        HttpError: lambda e: response(e.status_code, HTTPStatus(e.status_code).phrase, e.message),
        Exception: _unforeseen,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, lambda request, error, handler=handler: handler(error))


def nothing_here(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    """The answer to an address below /api/ that means nothing."""
    return response(404, "Not found", f"There is nothing at {request.path}; /api/v1/docs lists what there is.")


def _unforeseen(error: Exception) -> HttpResponse:
    log.error("a request failed", exc_info=error)
    return response(500, "Our mistake", "Something broke on the server; its log says what.")


def _words(error: Exception) -> str:
    return str(error.args[0]) if error.args and isinstance(error.args[0], str) else ""


def _sent(place: Sequence[Any]) -> Sequence[Any]:
    """The part of ninja's place that the sender wrote: without the source, and a body's parameter name."""
    return place[2:] if place[0] == "body" else place[1:]


def message_of(item: dict[str, Any]) -> str:
    """What pydantic says of a field, in our words."""
    words = {"extra_forbidden": "is not known here", "missing": "is missing"}
    return words.get(item["type"]) or item["msg"][0].lower() + item["msg"][1:]
