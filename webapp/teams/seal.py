"""What makes the history one that nobody edits: triggers that refuse to change or delete a line.

SQLite forgets the triggers of a table that a migration builds anew: a later migration that changes the table seals it
again, and a test of the migrated database sees to that. Emptying the whole database (``manage flush``) has to break
the seal first.
"""

from __future__ import annotations

from typing import Any

TABLE = "teams_entry"
REFUSAL = "the history of a team is never changed"

_SQLITE_SEAL = [
    f"CREATE TRIGGER {TABLE}_no_{event} BEFORE {event} ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    for event in ("update", "delete")
]
_SQLITE_BREAK = [f"DROP TRIGGER IF EXISTS {TABLE}_no_{event}" for event in ("update", "delete")]

_POSTGRES_SEAL = [
    f"CREATE OR REPLACE FUNCTION {TABLE}_sealed() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    f"CREATE TRIGGER {TABLE}_sealed BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {TABLE}_sealed()",
]
_POSTGRES_BREAK = [
    f"DROP TRIGGER IF EXISTS {TABLE}_sealed ON {TABLE}",
    f"DROP FUNCTION IF EXISTS {TABLE}_sealed()",
]


def seal(connection: Any) -> None:
    """From here on the database refuses to change or delete a line; also where it did so before."""
    break_seal(connection)
    _run(connection, _POSTGRES_SEAL if connection.vendor == "postgresql" else _SQLITE_SEAL)


def break_seal(connection: Any) -> None:
    """The database lets lines be changed again."""
    _run(connection, _POSTGRES_BREAK if connection.vendor == "postgresql" else _SQLITE_BREAK)


def _run(connection: Any, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
