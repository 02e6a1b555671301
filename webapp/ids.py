"""Public ids: short random texts that cannot be counted through."""

from __future__ import annotations

import secrets

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that reads like something else


def new_id() -> str:
    """Sixteen random letters and digits: 79 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))
