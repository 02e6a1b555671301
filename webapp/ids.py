"""Public ids: short random texts that cannot be counted through."""

from __future__ import annotations

import secrets

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that reads like something else


def is_id(text: str) -> bool:
    """Whether the text could be an id at all. (Postgres takes no NUL, and ids come from outside.)

    >>> is_id(new_id()), is_id("a\\0"), is_id("")
    (True, False, False)
    """
    return 0 < len(text) <= 16 and text.isascii() and text.isalnum()


def new_id() -> str:
    """Sixteen random letters and digits: 79 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))
