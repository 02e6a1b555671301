"""The two sockets: a run's events from a cursor on, and light news of a team's runs for lists.

Each viewer has a cursor and one loop: send what is past the cursor, from the hub where it is all there, else from the
database; then wait for news, which the hub also looks for itself. A slow viewer holds up its own loop and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from django.http import Http404

from rnncore.events import dumps
from webapp.accounts.models import User
from webapp.live.access import admitted
from webapp.live.hub import RunTopic, TeamTopic, topic
from webapp.origins import Scope, caller_of, host_is_ours, origin_is_ours
from webapp.runs.feed import events_after
from webapp.runs.selectors import run_for
from webapp.teams.selectors import team_for
from webapp.threads import cancelled, in_thread

BAD_REQUEST, NO_CREDENTIALS, NOT_FOUND = 4400, 4401, 4404
BATCH = 500  # frames between two looks at the cursor

Send = Callable[[str], Awaitable[None]]


class Closed(Exception):
    """The socket is to be closed with ``code``."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def application(scope: Scope, receive: Any, send: Any) -> None:
    """The ASGI application of all sockets: ``/ws/runs/{id}?after=SEQ`` and ``/ws/teams/{id}``."""
    await receive()  # websocket.connect
    caller = await caller_of(scope)
    # What a browser sends by itself (its cookie) counts only from our own pages; a missing origin is no browser's.
    own = origin_is_ours(scope)
    if not host_is_ours(scope) or own is False or (own is None and caller and caller.by_cookie):
        await send({"type": "websocket.close", "code": 4403})  # before it is accepted: refused with HTTP 403
        return
    await send({"type": "websocket.accept"})
    try:
        if caller is None:
            raise Closed(NO_CREDENTIALS)
        team_id, show = await _route(scope, caller.user)
        async with admitted(caller, team_id) as ended:
            await _until_left(show(lambda frame: send({"type": "websocket.send", "text": frame})), receive, ended)
    except Closed as closed:
        await send({"type": "websocket.close", "code": closed.code})


async def _route(scope: Scope, user: User) -> tuple[str, Callable[[Send], Awaitable[None]]]:
    """Of which team something is to be shown, and what shows it. Raises Closed."""
    match = re.fullmatch(r"/ws/(\w+)/(\w+)/?", scope["path"])
    if not match or match[1] not in SOCKETS:
        raise Closed(NOT_FOUND)
    return await SOCKETS[match[1]](user, match[2], parse_qs(scope["query_string"].decode("latin-1")))


async def _run(user: User, run_id: str, query: dict[str, list[str]]) -> tuple[str, Callable[[Send], Awaitable[None]]]:
    after = query.get("after", ["0"])[-1]
    if not re.fullmatch(r"[0-9]{1,18}", after):
        raise Closed(BAD_REQUEST)
    run = await _seen(run_for, user, run_id)
    return run.team_id, lambda send: _show_run(user, run.id, int(after), send)


async def _team(user: User, team_id: str, query: dict[str, list[str]]) -> tuple[str, Callable[[Send], Awaitable[None]]]:
    team = await _seen(team_for, user, team_id)
    return team.id, lambda send: _show_team(team.id, send)


SOCKETS = {"runs": _run, "teams": _team}  # by the word after /ws/


async def _seen(selector: Callable[[User, str], Any], user: User, row_id: str) -> Any:
    try:
        return await in_thread(selector)(user, row_id)
    except Http404:
        raise Closed(NOT_FOUND) from None


async def _until_left(showing: Awaitable[None], receive: Any, ended: asyncio.Event) -> None:
    """Runs ``showing`` until the viewer goes away, or may no longer look on (Closed). What a viewer says means nothing
    here and is dropped."""
    tasks = [asyncio.ensure_future(each) for each in (showing, _left(receive), ended.wait())]
    task, leaving, ending = tasks
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if leaving.done():
            return
        if ending.done():
            raise Closed(NOT_FOUND)
        task.result()
    finally:
        await cancelled(*tasks)


async def _left(receive: Any) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def _show_run(user: User, run_id: str, cursor: int, send: Send) -> None:
    """Sends every event past ``cursor``, in order, each once, until the viewer goes or the run does."""
    fetch = in_thread(_events)
    async with topic(RunTopic, f"run.{run_id}") as run:
        frames = await fetch(user, run_id, cursor)  # also says whether the run may be seen
        while True:
            for frame in frames:
                await send(frame)
            cursor += len(frames)
            news = run.news  # before looking: what comes while we look wakes us at once
            if run.gone:
                raise Closed(NOT_FOUND)
            frames = run.after(cursor, BATCH)
            if frames is None:
                frames = await fetch(user, run_id, cursor)
            elif not frames:
                await news.wait()


def _events(user: User, run_id: str, after: int) -> list[str]:
    try:
        run = run_for(user, run_id)
    except Http404:
        raise Closed(NOT_FOUND) from None
    return [dumps(event) for event in events_after(run.id, after, BATCH)] if run.last_seq > after else []


async def _show_team(team_id: str, send: Send) -> None:
    """Sends where the team's runs stand, whenever one moves: of each run the newest message only."""
    async with topic(TeamTopic, f"team.{team_id}") as team:
        seen = team.last
        while True:
            news = team.news
            messages, seen = team.after(seen), team.last
            for message in messages:
                await send(json.dumps(message, separators=(",", ":")))
            if not messages:
                await news.wait()
