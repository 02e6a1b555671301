"""Database work from asynchronous code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from channels.db import database_sync_to_async


def in_thread(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as a coroutine function that runs in any free thread, with a database connection of its own.

    (The default of asgiref is one thread for everybody: there a slow query would hold up every socket and upload.)
    """
    return database_sync_to_async(function, thread_sensitive=False)
