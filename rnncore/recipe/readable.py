"""What pydantic finds wrong, as a person reads it."""

from __future__ import annotations

from typing import Any

_EXPECTED = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be a text",
    "list_type": "must be a list",
    "finite_number": "must be a finite number",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
}


def readable(item: Any) -> tuple[str, str]:
    """A pydantic error as (dotted field, sentence)."""
    path = ".".join(str(part) for part in item["loc"]) or "recipe"
    kind, context, value = item["type"], item.get("ctx", {}), item["input"]
    if kind == "extra_forbidden":
        message = "is not a field of a recipe"
    elif kind == "missing":
        message = "is missing"
    elif kind in _EXPECTED:
        message = f"{_EXPECTED[kind]}, not {_short(value)}"
    elif kind == "value_error":
        message = str(context["error"])
    elif kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        bound = next(iter(context.values()))
        bound = int(bound) if bound == int(bound) else bound
        words = {
            "greater_than": "more than",
            "greater_than_equal": "at least",
            "less_than": "less than",
            "less_than_equal": "at most",
        }
        message = f"must be {words[kind]} {bound:,}, not {_short(value)}"
    else:
        message = item["msg"][0].lower() + item["msg"][1:]
    return path, message


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
