"""The API's documentation as a page of our own, made from the OpenAPI description: nothing comes from elsewhere."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from webapp.api.api import api

Schema = dict[str, Any]


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    schema = api.get_openapi_schema()
    topics: dict[str, list[Schema]] = defaultdict(list)
    for address, operations in schema["paths"].items():
        for method, operation in operations.items():
            topics[operation["tags"][0]].append(_described(method, address, operation, schema))
    curl = f"curl -H 'Authorization: Bearer TOKEN' {request.build_absolute_uri('/api/v1/me')}"
    listed = [{"name": name, "operations": topics[name]} for name in sorted(topics)]
    return render(request, "api/docs.html", {"topics": listed, "curl": curl})


def _described(method: str, address: str, operation: Schema, schema: Schema) -> Schema:
    """An operation as the template wants it: every field a row."""
    status, answer = next(iter(operation["responses"].items()))
    return {
        "id": operation["operationId"], "method": method.upper(), "address": address,
        "summary": _summary(operation), "about": _about(operation), "status": status,
        "takes": [_parameter(item, schema) for item in operation.get("parameters", [])]
        + _fields(_json_schema(operation.get("requestBody", {})), schema, "body"),
        "gives": _fields(_json_schema(answer), schema, ""),
    }  # fmt: skip


def _summary(operation: Schema) -> str:
    """What it does, in a few words: those that were given, else the beginning of its description, which says more than
    a title made of a function's name."""
    given, description = operation["summary"], operation.get("description", "")
    if not given.istitle() or not description:
        return given
    return re.split(r"[.:;](?:\s|$)", description)[0].replace("`", "").replace("\n", " ")


def _about(operation: Schema) -> list[list[tuple[bool, str]]]:
    """Its description in paragraphs."""
    return [_pieces(each) for each in operation.get("description", operation["summary"]).split("\n\n")]


def _pieces(text: str) -> list[tuple[bool, str]]:
    """A text as ``(is code, piece)``: what stands between backticks is code."""
    return [(place % 2 == 1, piece) for place, piece in enumerate(text.split("`"))]


def _parameter(item: Schema, schema: Schema) -> Schema:
    return _row(item["name"], item["schema"], item.get("required", False), schema, item["in"], item.get("description"))


def _json_schema(part: Schema) -> Schema:
    return part.get("content", {}).get("application/json", {}).get("schema", {})


def _fields(body: Schema, schema: Schema, where: str) -> list[Schema]:
    body = _resolved(body, schema)
    required = body.get("required", [])
    return [_row(name, item, name in required, schema, where) for name, item in body.get("properties", {}).items()]


def _row(name: str, item: Schema, required: bool, schema: Schema, where: str, description: str | None = None) -> Schema:
    words = description or item.get("description", "")
    return {"name": name, "type": _type(item, schema), "required": required, "where": where, "about": _pieces(words)}


def _type(item: Schema, schema: Schema) -> str:
    if options := item.get("anyOf"):
        return " or ".join(_type(option, schema) for option in options)
    item = _resolved(item, schema)
    kind = item.get("type", "anything")
    if isinstance(kind, list):
        return " or ".join(kind)
    return f"list of {_type(item.get('items', {}), schema)}" if kind == "array" else kind


def _resolved(item: Schema, schema: Schema) -> Schema:
    """What a reference, or a body that may be missing, stands for."""
    while True:
        if options := [option for option in item.get("anyOf", []) if option.get("type") != "null"]:
            item = options[0]
        elif reference := item.get("$ref"):
            item = schema["components"]["schemas"][reference.rpartition("/")[2]]
        else:
            return item
