"""Messages to viewers from code that must not wait for them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time

import pytest
from channels.layers import get_channel_layer
from django.db import transaction

from tests.waiting import until
from webapp.live import publish
from webapp.runs.models import Run


@pytest.fixture(autouse=True)
def _quiet(valkey):
    """Nothing of another test is on its way, its connections are not those to a Redis that has been stopped since."""
    publish._away = True

    def connected() -> bool:
        publish.publish("nobody", 1, 1, ["{}"])
        until(lambda: publish._pending._value == publish.PENDING)
        return not publish._away

    until(connected)
    publish._told.clear()


def received(group: str, send) -> list[dict]:
    """The messages that a viewer in the group gets while ``send`` is called."""

    async def listen() -> list[dict]:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(group, channel)
        send()
        found = []
        try:
            while True:
                found.append(await asyncio.wait_for(layer.receive(channel), 2 if not found else 0.3))
        except TimeoutError:
            return found
        finally:
            await layer.flush()

    return asyncio.run(listen())


def test_viewers_of_a_run_get_its_events_in_order(valkey):
    def send() -> None:
        for seq in range(1, 30):
            publish.publish("one", seq, seq, [f'{{"seq":{seq}}}'])
        publish.publish("other", 1, 1, ["{}"])

    messages = received("run.one", send)
    assert [(message["first"], message["frames"]) for message in messages] == [
        (seq, [f'{{"seq":{seq}}}']) for seq in range(1, 30)
    ]
    assert {message["type"] for message in messages} == {"run.events"}


def test_a_team_is_told_of_a_run_once_a_second_and_of_its_ends_at_once(valkey):
    run = Run(id="one", team_id="team", status="running", step=7, steps=9, latest={"loss": 1.5}, sparkline=[[7, 1.5]])

    def send() -> None:
        for _ in range(5):
            publish.publish_run(run, at_once=False)
        run.status = "finished"
        publish.publish_run(run)

    first, second = received("team.team", send)
    assert first == {
        "type": "team.run", "run": "one", "status": "running", "step": 7, "steps": 9, "loss": 1.5,
        "sparkline": [[7, 1.5]],
    }  # fmt: skip
    assert second["status"] == "finished"


def test_without_redis_nobody_waits_and_memory_is_bounded(valkey, caplog):
    valkey.stop()
    try:
        start = time.monotonic()
        with caplog.at_level(logging.WARNING):
            for seq in range(3 * publish.PENDING):
                publish.publish("one", seq, seq, ["x" * 1000])
        assert time.monotonic() - start < 5
        until(lambda: publish._pending._value == publish.PENDING)
        assert caplog.text.count("are lost") == 1
    finally:
        valkey.start()
    assert received("run.one", lambda: publish.publish("one", 1, 1, ["back"]))[0]["frames"] == ["back"]


@pytest.mark.django_db(transaction=True)
def test_what_is_told_can_be_read_already(monkeypatch):
    """Within a transaction nothing goes out: who looked now would see what was before, and it may all be taken back."""
    told = []
    monkeypatch.setattr(publish, "_hand_over", lambda group, message: told.append(message["first"]))
    with transaction.atomic():
        publish.publish("one", 1, 1, ["{}"])
        assert told == []
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        publish.publish("one", 2, 2, ["{}"])
        raise ZeroDivisionError
    publish.publish("one", 3, 3, ["{}"])
    assert told == [1, 3]
