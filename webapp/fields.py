"""A column of JSON that keeps every text."""

from __future__ import annotations

import json
from typing import Any

from django.db import models


class Json(models.TextField):
    """JSON as text, the same on SQLite and Postgres.

    Postgres' ``jsonb`` refuses U+0000 and half surrogates, both of which an uploaded file, a prompt or a network's
    own writing may hold; text with escapes takes them. Nobody asks the database what is inside such a column.
    """

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return None if value is None else json.loads(value)

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, separators=(",", ":"), allow_nan=False)

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> Any:
        """For ``dumpdata``, which writes JSON itself."""
        return self.value_from_object(obj)
