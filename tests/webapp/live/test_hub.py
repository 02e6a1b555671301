"""What is kept of a run's feed for its viewers."""

from __future__ import annotations

import asyncio

import pytest

from webapp.live import hub
from webapp.live.hub import RunTopic, TeamTopic


@pytest.fixture
async def topics(monkeypatch):
    """Topics that listen to nobody: messages are put into them by hand."""

    async def nobody(self) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(hub.Topic, "_listen_until_broken", nobody)
    monkeypatch.setattr(hub, "KEPT", 5)
    made = [RunTopic("run.a"), TeamTopic("team.a")]
    yield made
    for topic in made:
        await topic.close()


def message(first: int, last: int) -> dict:
    return {"first": first, "last": last, "frames": [str(seq) for seq in range(first, last + 1)]}


async def test_frames_are_numbered_without_a_gap_or_a_double(topics):
    run, _ = topics
    assert run.after(0, 10) == []
    run.take(message(4, 5))
    assert run.after(3, 10) == ["4", "5"]
    assert run.after(0, 10) is None, "1 to 3 are only in the database"
    run.take(message(4, 6))
    run.take(message(2, 3))
    assert run.after(3, 10) == ["4", "5", "6"], "what was told twice is there once"
    assert run.after(3, 2) == ["4", "5"]
    run.take(message(9, 9))
    assert run.after(8, 10) == ["9"]
    assert run.after(6, 10) is None, "7 and 8 got lost on the way"


async def test_only_so_much_is_kept(topics):
    run, _ = topics
    run.take(message(1, 8))
    assert run.after(2, 10) is None
    assert run.after(3, 10) == ["4", "5", "6", "7", "8"]


async def test_whoever_waits_is_woken(topics):
    run, _ = topics
    news = run.news
    run.take(message(1, 1))
    assert news.is_set()
    assert not run.news.is_set()


async def test_of_each_run_of_a_team_only_the_newest_is_told(topics):
    _, team = topics
    for run, step in (("a", 1), ("b", 1), ("a", 2)):
        team.take({"run": run, "step": step})
    assert team.after(0) == [{"run": "b", "step": 1}, {"run": "a", "step": 2}]
    assert team.after(2) == [{"run": "a", "step": 2}]
    assert team.after(team.last) == []
