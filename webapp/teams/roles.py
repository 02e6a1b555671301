"""What a role may do, in one table."""

from __future__ import annotations

from webapp.teams.models import Role

RIGHTS: dict[str, frozenset[str]] = {
    Role.VIEWER: frozenset({"view"}),
    Role.EDITOR: frozenset({"view", "upload", "train", "publish", "share", "delete"}),
    Role.OWNER: frozenset({"view", "upload", "train", "publish", "share", "delete", "manage"}),
}


def may(role: str | None, right: str) -> bool:
    """Whether someone with ``role`` in a team (None: not in it) may do ``right`` with what belongs to the team."""
    return right in RIGHTS.get(role or "", frozenset())
