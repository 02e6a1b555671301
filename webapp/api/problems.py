"""Errors as RFC 9457 problem details, in one shape whoever raised them."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse

CONTENT_TYPE = "application/problem+json"


def as_body(status: int, title: str, detail: str, errors: list[tuple[str, str]] | None = None) -> dict[str, Any]:
    """The JSON object; ``errors`` are (field, message), the field as a dotted path."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if errors:
        body["errors"] = [{"field": field, "message": message} for field, message in errors]
    return body


def response(status: int, title: str, detail: str, errors: list[tuple[str, str]] | None = None) -> HttpResponse:
    """The same as an answer of Django's."""
    return HttpResponse(json.dumps(as_body(status, title, detail, errors)), status=status, content_type=CONTENT_TYPE)
