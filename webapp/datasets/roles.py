"""What the columns of a dataset are for: guessed by the engine from the data, confirmed or changed by a person.

A role is the name of a recipe's field without ``_column`` or ``_columns``. What was confirmed belongs to the dataset,
not to one of its immutable versions: it holds for the columns of that name.
"""

from __future__ import annotations

from typing import Any

from rnncore.recipe import FieldSpec, fields
from webapp.datasets.models import Version
from webapp.problems import Invalid

ROLES: dict[str, FieldSpec] = {
    spec.name.removesuffix("s").removesuffix("_column"): spec for spec in fields() if spec.topic == "columns"
}
"""Every role, with the field of a recipe that names its column (``many``: its columns)."""

NUMERIC = {"value": ("integer", "number", "numbers"), "known": ("integer", "number")}
"""Kinds of columns that can have a role, where not every one can."""

Column = dict[str, Any]


def columns(version: Version) -> list[Column]:
    """The columns of a version as the engine surveyed them, with the ``role`` that holds (None: none), the ``guess``
    and whether it was ``confirmed``. Empty for a text."""
    surveyed = version.inspection.get("columns") or []
    confirmed = {column["name"]: version.dataset.roles.get(column["name"]) for column in surveyed}
    taken = {role for role in confirmed.values() if role and not ROLES[role].many}
    found = []
    for column in surveyed:
        guess, given = column.get("role"), confirmed[column["name"]]
        role = (None if guess in taken else guess) if given is None else given or None
        found.append({**column, "role": role, "guess": guess, "confirmed": given is not None})
    return found


def changed(version: Version, given: dict[str, Any]) -> dict[str, str]:
    """The dataset's confirmed roles after a change: role (or None, for none) by column name.

    A column that had a role which only one can have loses it to the one that is given it. Raises Invalid at the column.
    """
    known = {column["name"]: column for column in columns(version)}
    if not known:
        raise Invalid.at("columns", "This file is a text; it has no columns.")
    errors = [(f"columns.{name}", message) for name, role in given.items() if (message := _wrong(name, role, known))]
    errors += [] if errors else _doubled(given)
    if errors:
        raise Invalid("; ".join(f"{field}: {message}" for field, message in errors), errors=errors)
    taken = {role for role in given.values() if role and not ROLES[role].many}
    before = {name: "" if role in taken else role for name, role in version.dataset.roles.items()}
    return {**before, **{name: role or "" for name, role in given.items()}}


def _wrong(name: str, role: Any, known: dict[str, Column]) -> str | None:
    if name not in known:
        return f"There is no such column; the file has {', '.join(known)}."
    if not role and (role is None or role == ""):
        return None
    if not isinstance(role, str) or role not in ROLES:
        return f"{role!r:.60} is not a role; one of {', '.join(ROLES)}, or null for none."
    kinds = NUMERIC.get(role)
    if kinds and known[name]["kind"] not in kinds:
        return f"A column of {known[name]['kind']} cannot be a {role}: numbers are wanted."
    return None


def _doubled(given: dict[str, Any]) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    errors = []
    for name, role in given.items():
        if role and not ROLES[role].many and (other := found.setdefault(role, name)) != name:
            errors.append((f"columns.{name}", f"Only one column can be the {role}, and {other} is."))
    return errors
