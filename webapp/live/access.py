"""Closing what is open to someone who may no longer see it: a role taken away, a token revoked, a session ended.

Whoever takes something away says so (:func:`webapp.live.publish.publish_access`), and the sockets of that person are
looked at at once. The message may be lost: so all sockets of a web process are looked at every few seconds too, with
the same few queries however many there are.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from django.conf import settings

from webapp.accounts.models import Token
from webapp.live.hub import Topic, topic
from webapp.live.publish import ACCESS
from webapp.origins import Caller
from webapp.teams.models import Membership
from webapp.threads import cancelled, in_thread

LOOK = 5.0  # seconds between two looks at everybody

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Pass:
    """What a viewer came in with, for one team; ``ended`` is set when it is worth nothing any more."""

    caller: Caller
    team_id: str
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Doorkeeper(Topic):
    """The passes that are in use in this process."""

    def __init__(self, group: str) -> None:
        super().__init__(group)
        self.passes: set[Pass] = set()
        self._named: set[str] = set()  # people of whom something was taken away since the last look
        self._looking = asyncio.create_task(self._look())

    def take(self, message: dict[str, Any]) -> None:
        self._named.update(message["users"])
        self.tell()

    async def close(self) -> None:
        await cancelled(self._looking)
        await super().close()

    async def _look(self) -> None:
        while True:
            news = self.news
            named, self._named = self._named, set()
            shown = [held for held in self.passes if not named or held.caller.user.id in named]
            try:
                for held in await in_thread(worthless)(shown):
                    held.ended.set()
            except Exception as error:  # the database is away: nobody can see anything new meanwhile
                log.warning("cannot see who may still look on just now: %s", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), LOOK)


@asynccontextmanager
async def admitted(caller: Caller, team_id: str) -> AsyncIterator[asyncio.Event]:
    """Holds a pass as long as somebody looks on; what it gives is set when they may no longer."""
    async with topic(Doorkeeper, ACCESS) as door:
        held = Pass(caller, team_id)
        door.passes.add(held)
        try:
            yield held.ended
        finally:
            door.passes.discard(held)


def worthless(passes: Iterable[Pass]) -> list[Pass]:
    """Those that no longer open anything: their person left the team or is closed out, their token or session ended."""
    passes = list(passes)
    if not passes:
        return []
    people = {held.caller.user.id for held in passes}
    inside = set(Membership.objects.filter(user_id__in=people, user__is_active=True).values_list("user_id", "team_id"))
    tokens = {held.caller.user.token.id for held in passes if held.caller.user.token}
    alive = set(Token.objects.filter(id__in=tokens, revoked_at=None).values_list("id", flat=True)) if tokens else set()
    sessions = _sessions({held.caller.session_key for held in passes if held.caller.session_key})
    return [
        held
        for held in passes
        if (held.caller.user.id, held.team_id) not in inside
        or (held.caller.user.token and held.caller.user.token.id not in alive)
        or (held.caller.session_key and held.caller.session_key not in sessions)
    ]


def _sessions(keys: set[str]) -> set[str]:
    """Those of the sessions that still exist."""
    if not keys:
        return set()
    store = import_module(settings.SESSION_ENGINE).SessionStore
    return set(store.get_model_class().objects.filter(session_key__in=keys).values_list("session_key", flat=True))
