"""A run's socket against a real server and a real Redis: no hole, no double, whatever happens in between."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from typing import Any

import django.test
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from rnncore.events import dumps
from webapp.live import consumers, hub, publish
from webapp.runs.feed import events_after

pytestmark = pytest.mark.django_db(transaction=True)


def progress(step: int, loss: float = 2.0) -> dict[str, Any]:
    return {
        "kind": "progress", "step": step, "epoch": 0.1, "loss": loss, "learning_rate": 1e-3, "grad_norm": 1.0,
        "tokens_per_second": 1e4, "seconds": step / 10, "remaining_seconds": None,
    }  # fmt: skip


class Viewer:
    """A socket that is looked at from the test."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def frames(self, count: int, timeout: float = 10) -> list[dict[str, Any]]:
        return [json.loads(self.socket.recv(timeout)) for _ in range(count)]

    def code(self) -> int:
        with pytest.raises(ConnectionClosed) as closed:
            self.socket.recv(10)
        return closed.value.rcvd.code

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def view(server, alice, token):
    """Opens a viewer of alice's, by token."""
    with ExitStack() as opened:

        def view(path: str, user=alice, **options: Any) -> Viewer:
            options.setdefault("additional_headers", {"Authorization": f"Bearer {token(user)}"})
            opening = connect(f"ws://{server.host}{path}", close_timeout=0.2, **options)
            return Viewer(opened.enter_context(opening))

        yield view


@pytest.fixture
def state(make):
    """Appends events to a run and tells the viewers, as a supervisor does; `told=False`: the message gets lost."""

    def state(run, *events: dict[str, Any], told: bool = True) -> None:
        first = run.last_seq + 1
        make.events(run, *events)
        if told:
            frames = [dumps(event) for event in events_after(run.id, first - 1, 10_000)]
            publish.publish(run.id, first, run.last_seq, frames)

    return state


@pytest.fixture
def run(alice, make):
    return make.run(alice.personal_team, status="running")


@pytest.fixture
def patient(monkeypatch):
    """Nobody asks the database of his own accord."""
    monkeypatch.setattr(hub, "POLL", 60)


def listened(view, run, state) -> None:
    """Waits until the server listens to the run, which takes a moment after the first viewer came."""
    probe = view(f"/ws/runs/{run.id}?after={run.last_seq}")
    deadline = time.monotonic() + 10
    while True:
        state(run, progress(run.step + 1))
        try:
            probe.frames(1, timeout=0.5)
        except TimeoutError:
            assert time.monotonic() < deadline
        else:
            return


def seqs(frames: list[dict[str, Any]]) -> list[int]:
    return [frame["seq"] for frame in frames]


def test_what_is_past_the_cursor_first_then_live(view, run, state, valkey, patient):
    state(run, *(progress(step) for step in range(1, 11)))
    listened(view, run, state)
    here = run.last_seq
    viewer = view(f"/ws/runs/{run.id}?after=4")
    assert seqs(viewer.frames(here - 4)) == list(range(5, here + 1))
    state(run, progress(100), {"kind": "sampled", "step": 100, "prompt": "", "temperature": 1.0, "text": "<b>é\u0000"})
    point, sample = viewer.frames(2)
    assert point == events_after(run.id, here, 1)[0], "a live frame is the very event that REST gives"
    assert (sample["seq"], sample["text"]) == (here + 2, "<b>é\u0000")


def test_a_viewer_that_comes_back_finds_no_hole_and_no_double(view, run, state, valkey, patient):
    listened(view, run, state)
    first = view(f"/ws/runs/{run.id}?after=0")
    seen = seqs(first.frames(run.last_seq))
    first.close()
    state(run, *(progress(step) for step in range(10, 40)))
    again = view(f"/ws/runs/{run.id}?after={seen[-1]}")
    state(run, *(progress(step) for step in range(40, 60)))
    seen += seqs(again.frames(run.last_seq - seen[-1]))
    assert seen == list(range(1, run.last_seq + 1))


def test_a_rewind_goes_along_in_order(view, run, state, valkey, patient):
    state(run, *(progress(step) for step in range(1, 6)))
    listened(view, run, state)
    here = run.last_seq
    viewer = view(f"/ws/runs/{run.id}?after=3")
    viewer.frames(here - 3)
    state(run, {"kind": "rewound", "step": 2}, progress(3, loss=1.0), progress(4, loss=0.9))
    assert [(e["seq"], e["kind"], e["step"]) for e in viewer.frames(3)] == [
        (here + 1, "rewound", 2), (here + 2, "progress", 3), (here + 3, "progress", 4)]  # fmt: skip
    fresh = view(f"/ws/runs/{run.id}")
    assert seqs(fresh.frames(run.last_seq)) == list(range(1, run.last_seq + 1))


def test_a_lost_message_is_made_good_by_the_next_one(view, run, state, valkey, patient):
    listened(view, run, state)
    here = run.last_seq
    viewer = view(f"/ws/runs/{run.id}?after={here}")
    state(run, progress(50), progress(51), told=False)
    state(run, progress(52))
    assert seqs(viewer.frames(3)) == [here + 1, here + 2, here + 3]


@pytest.mark.parametrize("before", [True, False], ids=["lost while listening", "away from the start"])
def test_without_redis_the_database_is_asked_and_redis_may_come_back(before, view, run, state, valkey, monkeypatch):
    if before:
        listened(view, run, state)
    monkeypatch.setattr(hub, "POLL", 0.3)
    here = run.last_seq
    viewer = view(f"/ws/runs/{run.id}?after={here}")
    valkey.stop()
    try:
        state(run, progress(50), progress(51), told=False)
        assert seqs(viewer.frames(2)) == [here + 1, here + 2]
    finally:
        valkey.start()
    monkeypatch.setattr(hub, "POLL", 60)
    state(run, progress(52), told=False)
    assert seqs(viewer.frames(1)) == [here + 3]
    deadline = time.monotonic() + 20
    while True:  # it listens again some time after Redis is back
        state(run, progress(run.step + 1))
        try:
            assert seqs(viewer.frames(run.last_seq - here - 3, timeout=1)) == list(range(here + 4, run.last_seq + 1))
            return
        except TimeoutError:
            assert time.monotonic() < deadline


def test_many_events_reach_a_slow_viewer_whole(view, run, state, valkey, patient):
    """More than is kept in memory: what a viewer was too slow for comes from the database."""
    listened(view, run, state)
    here = run.last_seq
    slow = view(f"/ws/runs/{run.id}?after={here}", max_queue=1)
    for begin in range(0, 5_000, 500):
        state(run, *(progress(1000 + begin + step) for step in range(500)))
    assert seqs(slow.frames(5_000)) == list(range(here + 1, here + 5_001))


def test_two_viewers_share_one_subscription(view, run, state, valkey, patient):
    listened(view, run, state)
    here = run.last_seq
    viewers = [view(f"/ws/runs/{run.id}?after={here}") for _ in range(5)]
    state(run, progress(77))
    assert [seqs(viewer.frames(1)) for viewer in viewers] == [[here + 1]] * 5
    group = f"asgi__group__run.{run.id}"
    assert valkey.client.pubsub_numsub(group) == [(group.encode(), 1)]


def test_the_hub_looks_for_a_lost_message_once_for_all(view, run, state, valkey, monkeypatch):
    monkeypatch.setattr(hub, "POLL", 0.3)
    asked, events = [], consumers._events
    monkeypatch.setattr(consumers, "_events", lambda *args: asked.append(args) or events(*args))
    viewers = [view(f"/ws/runs/{run.id}") for _ in range(5)]
    listened(view, run, state)
    before = len(asked)
    for viewer in viewers:
        viewer.frames(run.last_seq)
    state(run, progress(50), progress(51), told=False)
    seen = [seqs(viewer.frames(2)) for viewer in viewers]
    assert seen == [[run.last_seq - 1, run.last_seq]] * 5
    assert len(asked) == before, "no viewer asked the database for itself"


def test_a_deleted_run_closes_its_viewers(view, run, valkey, monkeypatch, alice):
    from webapp.runs.services import delete

    monkeypatch.setattr(hub, "POLL", 0.2)
    viewer = view(f"/ws/runs/{run.id}")
    delete(user=alice, run=run)
    assert viewer.code() == 4404


def test_who_may_look(view, server, run, charlie, bob, valkey, make):
    make.events(run, progress(1))
    path = f"/ws/runs/{run.id}"
    assert seqs(view(path, bob).frames(1)) == [1]
    assert view(path, charlie).code() == 4404
    assert view("/ws/runs/nosuchrun").code() == 4404
    assert view("/ws/elsewhere").code() == 4404
    assert view(path, additional_headers={}).code() == 4401
    assert view(path, additional_headers={"Authorization": "Bearer unroll_made_up"}).code() == 4401
    assert view(f"{path}?after=soon").code() == 4400
    assert view(f"{path}?after=-1").code() == 4400


def test_a_session_counts_only_from_our_own_pages(view, server, run, alice, valkey, make):
    make.events(run, progress(1))
    browser = django.test.Client()
    browser.force_login(alice)
    cookie = {"Cookie": f"sessionid={browser.cookies['sessionid'].value}"}
    path = f"/ws/runs/{run.id}"
    assert seqs(view(path, additional_headers=cookie, origin=server.url).frames(1)) == [1]
    for origin in ("https://evil.example", "null", f"http://127.0.0.1:{server.port + 1}", None):
        with pytest.raises(InvalidStatus) as refused:
            view(path, additional_headers=cookie, origin=origin)
        assert refused.value.response.status_code == 403, origin


def test_a_foreign_origin_is_refused_also_with_a_token(view, run, alice, token, valkey):
    with pytest.raises(InvalidStatus):
        view(f"/ws/runs/{run.id}", origin="https://evil.example")


def test_a_team_hears_where_its_runs_stand(view, run, alice, charlie, valkey, monkeypatch):
    monkeypatch.setattr(publish, "TEAM_EVERY", 0.0)
    viewer = view(f"/ws/teams/{alice.personal_team.id}")
    assert view(f"/ws/teams/{alice.personal_team.id}", charlie).code() == 4404
    deadline = time.monotonic() + 10
    while True:
        publish.publish_run(run)
        try:
            message = viewer.frames(1, timeout=0.5)[0]
            break
        except TimeoutError:
            assert time.monotonic() < deadline
    assert (message["type"], message["run"], message["status"]) == ("team.run", run.id, "running")
