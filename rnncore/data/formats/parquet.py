"""Parquet: the columns as they are; dates as ISO text, lists as lists, structures as their JSON."""

from __future__ import annotations

import gzip
import json
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import polars
from polars.exceptions import PolarsError

from rnncore.data.table import LIMIT, Progress, Table
from rnncore.errors import DataError


def read(path: Path, name: str, kind: str, progress: Progress | None) -> Table:
    size = path.stat().st_size
    try:
        frame = polars.read_parquet(_unpacked(path, name), memory_map=False)
    except (PolarsError, OSError, EOFError) as error:
        raise DataError(f"{name} is not a Parquet file: {str(error).splitlines()[0]}") from None
    if frame.estimated_size() > LIMIT:
        raise DataError(f"{name} unpacks to more than {LIMIT:,} bytes; so large a table is not read", hint="Split it.")
    if progress:
        progress(size, size)
    columns = {column: [_value(value) for value in frame[column].to_list()] for column in frame.columns}
    details = {"encoding": "parquet", "encoding_guessed": False, "compression": None, "bytes": size}
    return Table(name, kind, columns, list(range(1, len(frame) + 1)), details)


def _unpacked(path: Path, name: str) -> Path | BytesIO:
    """The file, or what is in it where it is packed by gzip as well."""
    with path.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            return path
    with gzip.open(path) as file:
        raw = file.read(LIMIT + 1)
    if len(raw) > LIMIT:
        raise DataError(f"{name} unpacks to more than {LIMIT:,} bytes; so large a table is not read", hint="Split it.")
    return BytesIO(raw)


def _value(value: Any) -> Any:
    match value:
        case date() | datetime():
            return value.isoformat()
        case bytes():
            return value.decode("utf-8", "replace")
        case dict():
            return json.dumps(value, ensure_ascii=False, default=str)
        case list():
            plain = all(isinstance(item, int | float) and not isinstance(item, bool) for item in value)
            return value if plain else [str(item) for item in value]
    return value if value is None or isinstance(value, str | int | float) else str(value)
