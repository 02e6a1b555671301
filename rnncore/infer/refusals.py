"""What a request for inference is refused with, as a line of ``rnncore serve``."""

from __future__ import annotations

import re
import traceback
from typing import Any

from rnncore.errors import PromptError, RequestError, RnncoreError
from rnncore.infer.writing import FieldError

_NAMED = re.compile(r"(inputs\.\d+|label|beam_size|alternatives): ")


def refusal(error: Exception) -> dict[str, Any]:
    """The line ``{"kind": "error", "error", "hint", "field"}``; what nobody foresaw also goes to standard error."""
    if isinstance(error, RnncoreError):
        words, hint = str(error), error.hint
    else:
        traceback.print_exception(error)
        words, hint = f"{type(error).__name__}: {error}", ""
    return {"kind": "error", "error": words, "hint": hint, "field": _field(error)}


def _field(error: Exception) -> str | None:
    """Which field of the request is wrong, None where the request is not at fault."""
    if isinstance(error, FieldError):
        return error.field
    if isinstance(error, PromptError):
        named = _NAMED.match(str(error))
        return named[1] if named else "prompt"
    return "folder" if isinstance(error, RequestError) else None
