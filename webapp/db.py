"""What the database answers, in our words: it is not there just now, or what a row refers to is there no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import IntegrityError, InterfaceError, OperationalError, connection

from jobs.ports import Unavailable
from webapp.problems import Conflict

P = ParamSpec("P")
T = TypeVar("T")


def reaching(method: Callable[P, T]) -> Callable[P, T]:
    """Turns a lost connection into Unavailable and closes it, so that the next call opens a new one."""

    @wraps(method)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            connection.close()
            raise Unavailable(str(error).strip()) from error

    return wrapper


@contextmanager
def referring(message: str) -> Iterator[None]:
    """Turns the refusal of a reference between two rows, one of which somebody wrote or deleted at this very moment,
    into a Conflict with this message."""
    try:
        yield
    except IntegrityError as error:
        if not _is_of_reference(error):
            raise
        raise Conflict(message) from None


def _is_of_reference(error: IntegrityError) -> bool:
    """Whether it is about a foreign key: Postgres gives that a number, SQLite a sentence."""
    return getattr(error.__cause__, "sqlstate", "") == "23503" or "FOREIGN KEY" in str(error)
