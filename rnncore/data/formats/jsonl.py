"""JSON lines: one object a line. A key that an object lacks is a missing value; an object within becomes its JSON.

Half a character (a surrogate alone), which no text can hold, becomes U+FFFD.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from rnncore.data.table import Progress, Table, text_of
from rnncore.errors import DataError

_HALF = re.compile("[\ud800-\udfff]")


def read(path: Path, name: str, kind: str, progress: Progress | None) -> Table:
    text, details = text_of(path, name, progress)
    records: list[dict[str, Any]] = []
    lines: list[int] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            records.append(_record(line, number, name))
            lines.append(number)
    names = list(dict.fromkeys(key for record in records for key in record))
    columns = {key: [_value(record.get(key)) for record in records] for key in names}
    return Table(name, kind, columns, lines, details)


def _record(line: str, number: int, name: str) -> dict[str, Any]:
    try:
        body = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"{name} is not JSON lines: {error}", line=number, hint="Write one object a line.") from None
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


def _value(value: Any) -> Any:
    if isinstance(value, list):
        numbers = [item for item in value if isinstance(item, int | float) and not isinstance(item, bool)]
        return value if len(numbers) == len(value) else [str(item) for item in value]
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
