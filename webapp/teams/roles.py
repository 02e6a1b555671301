"""What a role may do, in one table; and what is left of it for a program that asks with a token.

Pages, REST, sockets, uploads and fragments all ask :func:`may`, by way of :mod:`webapp.teams.selectors`.
"""

from __future__ import annotations

from collections.abc import Collection

from webapp.teams.models import Role

# right → what it allows, in words that the team's page shows
WORDS: dict[str, str] = {
    "view": "See data, runs and models, follow a training, play with models, download them",
    "upload": "Add data, name it, say what its columns are for",
    "train": "Start, stop, pause and resume runs",
    "publish": "Publish models and write their cards",
    "share": "Make and revoke links to models for people without an account",
    "delete": "Delete data, runs and models",
    "manage": "Invite and remove people, give roles, rename, hand over and delete the team",
}

RIGHTS: dict[str, frozenset[str]] = {
    Role.VIEWER: frozenset({"view"}),
    Role.EDITOR: frozenset({"view", "upload", "train", "publish", "share", "delete"}),
    Role.OWNER: frozenset({"view", "upload", "train", "publish", "share", "delete", "manage"}),
}

# scope of a token → the rights that it leaves to its person's role; every token may look
SCOPES: dict[str, frozenset[str]] = {
    "read": frozenset({"view"}),
    "train": frozenset({"view", "upload", "train"}),
    "share": frozenset({"view", "publish", "share"}),
    "delete": frozenset({"view", "delete"}),
    "manage": frozenset({"view", "manage"}),
}


def may(role: str | None, right: str, scopes: Collection[str] | None = None) -> bool:
    """Whether someone with ``role`` in a team (None: not in it) may do ``right`` with what belongs to the team.

    ``scopes``: those of the token that asks; None: no token does.
    """
    if right not in RIGHTS.get(role or "", frozenset()):
        return False
    return scopes is None or right == "view" or any(right in SCOPES[scope] for scope in scopes if scope in SCOPES)
