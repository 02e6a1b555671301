"""Database work from asynchronous code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from channels.db import database_sync_to_async


def in_thread(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as a coroutine function that runs in any free thread, with a database connection of its own.

    (The default of asgiref is one thread for everybody: there a slow query would hold up every socket and upload.)
    """
    return database_sync_to_async(function, thread_sensitive=False)


async def cancelled(*tasks: asyncio.Future[Any]) -> None:
    """Cancels the tasks until all have ended: a cancellation that comes just as a thread is done may be swallowed."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        ended, pending = await asyncio.wait(pending, timeout=0.1)
        for task in ended:
            task.cancelled() or task.exception()  # nobody else asks
