"""JSON lines: one object a line. A key that an object lacks is a missing value, and so is a number that is not finite;
an object within becomes its JSON.

Half a character (a surrogate alone), which no text can hold, becomes U+FFFD.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

from rnncore.data.table import Progress, Table, TextLines, beyond_range
from rnncore.errors import DataError

SHORT, MOST_KNOWN = 40, 100_000
"""Characters of a text that may well come again, and how many of them are looked out for."""

_HALF = re.compile("[\ud800-\udfff]")


def read(path: Path, name: str, kind: str, progress: Progress | None) -> Table:
    text = TextLines(path, name, progress)
    columns: dict[str, list[Any]] = {}
    lines: list[int] = []
    beyond: dict[str, list[int]] = {}
    known: dict[str, str] = {}  # texts that come again and again lie in memory once
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        for key, value in _record(line.removesuffix("\n"), number, name).items():
            if _is_number(value) and not _finite(value):
                beyond.setdefault(key, []).append(number)
                value = None
            column = columns.setdefault(key, [])
            column.extend([None] * (len(lines) - len(column)))
            column.append(_value(value, number, name, known))
        lines.append(number)
    for column in columns.values():
        column.extend([None] * (len(lines) - len(column)))
    problems = [each for key, where in beyond.items() for each in beyond_range(key, where)]
    return Table(name, kind, columns, lines, text.details, problems)


def _record(line: str, number: int, name: str) -> dict[str, Any]:
    try:
        body = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        why = f"{error.msg} at character {error.colno:,}" if isinstance(error, ValueError) else "nested too deeply"
        raise DataError(f"{name} is not JSON lines: {why}", line=number, hint="Write one object a line.") from None
    if "\\u" in line:
        body = _whole(body)
    if isinstance(body, str):
        return {"text": body}
    if not isinstance(body, dict):
        raise DataError(f"{name}: an object is wanted, not {line[:40]!r}", line=number, hint="Write one object a line.")
    return body


def _whole(value: Any) -> Any:
    """The same without halves of characters, which only an escape can bring in."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def _value(value: Any, number: int, name: str, known: dict[str, str]) -> Any:
    if isinstance(value, str):
        return known.setdefault(value, value) if len(value) <= SHORT and len(known) < MOST_KNOWN else value
    if isinstance(value, list):
        return _items(value, number, name)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


def _items(items: list[Any], number: int, name: str) -> list[Any]:
    """A list of numbers as it is, any other as texts. Raises DataError at a number that is not finite."""
    if not all(map(_is_number, items)):
        return [str(item) for item in items]
    if not all(map(_finite, items)):
        message = f"{name}: a list of numbers holds one that is not finite (NaN, infinity, or beyond 1e308)"
        raise DataError(message, line=number, hint="Leave it out, or write a number.")
    return items


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number of hundreds of digits
        return False
