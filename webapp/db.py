"""The database as the background floor sees it: there, or not there just now."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

from jobs.ports import Unavailable

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
