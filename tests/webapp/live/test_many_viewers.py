"""The load test of tests/load, small: nobody loses an event, nobody hears one twice."""

from __future__ import annotations

import asyncio

import pytest

from rnncore.events import dumps
from tests.load.live import state
from tests.load.viewers import Crowd
from webapp.live.publish import publish
from webapp.runs import feed
from webapp.runs.models import Run

pytestmark = pytest.mark.django_db(transaction=True)


def test_twenty_viewers_of_a_live_run(server, alice, token, make, valkey):
    run = make.run(alice.personal_team, status="running")
    url = f"ws://{server.host}/ws/runs/{run.id}"

    def append(events: list) -> None:
        row = Run.objects.get(id=run.id)
        if feed.append(row, events):
            publish(run.id, events[0]["seq"], row.last_seq, [dumps(event) for event in events])

    found = asyncio.run(_watched(url, token(alice), append))
    assert found["events"] >= 80
    assert (found["lost"], found["doubled"], found["frames"]) == (0, 0, 20 * found["events"])


async def _watched(url: str, token: str, append) -> dict:
    crowd = Crowd(url, token, 20)
    await crowd.join()
    last = await asyncio.to_thread(state, append, 5, 16)
    await crowd.leave(last)
    return crowd.figures(last)
