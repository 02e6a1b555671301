"""What workers publish about runs and teams, kept briefly, once a web process, for every viewer in it.

A viewer reads with a cursor, so a slow one costs nothing but its own delay: nothing is queued for it. Messages may be
lost (Redis is away): who finds a gap here asks the database. After a while without news a topic looks there itself,
once for all its viewers: a lost message costs seconds, and a run that says nothing a query now and then.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from channels.layers import get_channel_layer

from rnncore.events import dumps
from webapp.runs.feed import events_after
from webapp.runs.models import Run
from webapp.threads import in_thread

log = logging.getLogger(__name__)

KEPT = 2000  # frames of a run: at four events a second about eight minutes
POLL = 5.0  # seconds without news until the database is asked
RETRY = 2.0  # seconds between attempts to listen while Redis is away


class Topic:
    """What came lately to one channel group, and who waits for more."""

    def __init__(self, group: str) -> None:
        self.group = group
        self.viewers = 0
        self.news = asyncio.Event()
        self._listener = asyncio.create_task(self._listen())

    def take(self, message: dict[str, Any]) -> None:
        raise NotImplementedError

    def tell(self) -> None:
        """Wakes everybody who waits for ``news``."""
        self.news.set()
        self.news = asyncio.Event()

    async def close(self) -> None:
        self._listener.cancel()
        await asyncio.gather(self._listener, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_until_broken()
            except Exception as error:  # whatever a broken connection raises; viewers ask the database meanwhile
                log.warning("not listening to %s just now: %s", self.group, error)
                await asyncio.sleep(RETRY)

    async def _listen_until_broken(self) -> None:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(self.group, channel)
        try:
            while True:
                self.take(await layer.receive(channel))
        finally:
            await layer.group_discard(self.group, channel)


class RunTopic(Topic):
    """The newest frames of a run's feed, each an event as JSON text, numbered by seq without a gap."""

    def __init__(self, group: str) -> None:
        super().__init__(group)
        self.gone = False  # the run was deleted
        self._frames: deque[str] = deque(maxlen=KEPT)
        self._last = 0  # seq of the newest frame
        self._looker = asyncio.create_task(self._look_when_silent())

    def take(self, message: dict[str, Any]) -> None:
        if message.get("type") == "run.deleted":
            self.gone = True
        else:
            self._keep(**message)
        self.tell()

    def _keep(self, first: int, last: int, frames: list[str], **unused: Any) -> None:
        if first > self._last + 1 or not self._frames:
            self._frames.clear()  # something was lost in between: what is kept has no gap
            self._last = first - 1
        self._frames.extend(frames[max(0, self._last + 1 - first) :])
        self._last = max(self._last, last)

    def after(self, seq: int, limit: int) -> list[str] | None:
        """Up to ``limit`` frames past ``seq``; None where the next one is not here."""
        missing = self._last - seq
        if missing <= 0 or missing > len(self._frames):
            return [] if missing <= 0 else None
        start = len(self._frames) - missing
        return [self._frames[index] for index in range(start, min(start + limit, len(self._frames)))]

    async def close(self) -> None:
        self._looker.cancel()
        await asyncio.gather(self._looker, return_exceptions=True)
        await super().close()

    async def _look_when_silent(self) -> None:
        while not self.gone:
            try:
                async with asyncio.timeout(POLL):
                    await self.news.wait()
            except TimeoutError:
                try:
                    await self._look()
                except Exception as error:  # the database is away: nothing new can be there
                    log.warning("cannot look for news of %s just now: %s", self.group, error)

    async def _look(self) -> None:
        message = await in_thread(_missed)(self.group.removeprefix("run."), self._last)
        if message is None:
            self.gone = True
            self.tell()
        elif message["last"] > self._last:
            self.take(message)


def _missed(run_id: str, seq: int) -> dict[str, Any] | None:
    """The newest events past ``seq`` (where they are many: none, only how far they reach) as a message; None when there
    is no such run."""
    last = Run.objects.values_list("last_seq", flat=True).filter(id=run_id).first()
    if last is None:
        return None
    frames = [dumps(event) for event in events_after(run_id, seq, KEPT)] if seq < last <= seq + KEPT else []
    return {"first": seq + 1 if frames else last + 1, "last": seq + len(frames) if frames else last, "frames": frames}


class TeamTopic(Topic):
    """Where the runs of a team stand: of each run only the newest message, numbered as they came."""

    def __init__(self, group: str) -> None:
        super().__init__(group)
        self._states: dict[str, tuple[int, dict[str, Any]]] = {}
        self.last = 0

    def take(self, message: dict[str, Any]) -> None:
        self.last += 1
        self._states.pop(message["run"], None)
        self._states[message["run"]] = (self.last, message)
        self.tell()

    def after(self, number: int) -> list[dict[str, Any]]:
        """The messages that came past ``number`` and are still the newest of their run."""
        return [message for at, message in self._states.values() if at > number]


_topics: dict[tuple[asyncio.AbstractEventLoop, str], Topic] = {}


@asynccontextmanager
async def topic(kind: type[Topic], group: str) -> AsyncIterator[Any]:
    """The topic of a channel group, one for all viewers, listened to as long as there is one."""
    key = (asyncio.get_running_loop(), group)
    found = _topics.get(key) or _topics.setdefault(key, kind(group))
    found.viewers += 1
    try:
        yield found
    finally:
        found.viewers -= 1
        if found.viewers == 0:
            del _topics[key]
            await found.close()
