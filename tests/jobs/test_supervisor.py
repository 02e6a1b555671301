"""Supervision of the real trainer, over the store in memory."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from jobs import follow, supervisor, workplace
from jobs.ports import Unavailable
from jobs.supervisor import Supervisor
from jobs.trainer import NICENESS, Trainer
from rnncore import events
from tests.jobs.desks import MemoryDesk
from tests.jobs.recipes import ENDLESS, TEXT, recipe
from tests.waiting import until


@pytest.fixture
def desk(tmp_path) -> MemoryDesk:
    (tmp_path / "text").write_text(TEXT)
    return MemoryDesk(tmp_path)


@pytest.fixture
def stopping() -> threading.Event:
    return threading.Event()


@pytest.fixture
def supervise(desk, stopping):
    """Claims the next run and supervises it in a thread, as a worker would; the thread's `outcome` says what became."""
    threads = []

    class Thread(threading.Thread):
        outcome = None

        def __init__(self, store=None) -> None:
            super().__init__(daemon=True)
            self.claim = desk.runs.claim("w")
            self.supervisor = Supervisor(store or desk.runs, self.claim, stopping, threads=1)
            threads.append(self)
            self.start()

        def run(self) -> None:
            self.outcome = self.supervisor.run()

        def done(self, seconds: float = 120) -> str:
            self.join(seconds)
            assert not self.is_alive(), "the supervisor is not done"
            return self.outcome

    yield Thread
    stopping.set()
    for thread in threads:
        thread.join(30)


def kinds(desk: MemoryDesk, run_id: str = "run") -> list[str]:
    return [event["kind"] for event in desk.events(run_id)]


def trains(desk: MemoryDesk, step: int = 1, run_id: str = "run") -> Callable[[], bool]:
    return lambda: any(event["step"] >= step for event in desk.events(run_id))


def trainer_of(folder: Path) -> psutil.Process | None:
    return None if workplace.is_free(folder) else workplace.occupant(folder)


def in_file(folder: Path) -> list[dict]:
    return list(follow.events(folder / follow.EVENTS))


def test_a_run_is_trained_to_its_end(desk, supervise):
    desk.queue("run", recipe())
    thread = supervise()
    assert thread.done() == "finished"
    assert desk.status("run") == "finished"
    assert desk.events("run") == in_file(thread.claim.folder)
    assert kinds(desk)[0] == "started"
    assert kinds(desk)[-1] == "finished"
    assert desk.events("run")[-1]["step"] == 40
    assert (thread.claim.folder / "out" / "best" / "model.safetensors").exists()
    assert "finished" in (thread.claim.folder / "log.txt").read_text()


def test_paused_and_taken_up_again_it_goes_on_from_its_checkpoint(desk, supervise):
    desk.queue("run", recipe(**ENDLESS))
    first = supervise()
    until(trains(desk, 3))
    process = trainer_of(first.claim.folder)
    assert process.nice() == NICENESS
    desk.want("run", "pause")
    assert first.done() == "released"
    assert desk.status("run") == "paused"
    assert not process.is_running()
    stated = desk.events("run")
    assert stated[-1]["kind"] == "stopped"

    desk.runs.runs["run"].status = "queued"
    second = supervise()
    until(trains(desk, stated[-1]["step"] + 1))
    desk.want("run", "stop")
    assert second.done() == "released"
    assert desk.status("run") == "stopped"
    all_events = desk.events("run")
    going_on = [event["step"] for event in all_events[len(stated) :] if event["kind"] == "progress"]
    assert min(going_on) > stated[-1]["step"]
    assert [event["seq"] for event in all_events] == list(range(1, len(all_events) + 1))


def test_when_the_studio_ends_the_run_goes_back_to_the_queue_with_a_checkpoint(desk, supervise, stopping):
    desk.queue("run", recipe(**ENDLESS))
    thread = supervise()
    until(trains(desk, 3))
    stopping.set()
    assert thread.done() == "released"
    assert desk.status("run") == "queued"
    last = [event for event in desk.events("run") if event["kind"] == "checkpointed"][-1]
    assert last["step"] == desk.events("run")[-1]["step"]


def test_a_trainer_that_does_not_end_in_time_is_killed_and_its_run_kept(desk, supervise, stopping, monkeypatch):
    monkeypatch.setattr(supervisor, "SHUTDOWN", 0.0)
    desk.queue("run", recipe(**ENDLESS))
    thread = supervise()
    until(trains(desk))
    process = trainer_of(thread.claim.folder)
    process.suspend()
    stopping.set()
    assert thread.done() == "released"
    assert not process.is_running()
    assert desk.status("run") == "queued"


def test_who_has_lost_the_lease_kills_the_trainer_and_writes_no_more(desk, supervise):
    desk.queue("run", recipe(**ENDLESS))
    thread = supervise()
    until(trains(desk))
    process = trainer_of(thread.claim.folder)
    desk.expire("run")
    desk.runs.reap()
    other = desk.runs.claim("other")
    assert thread.done() == "lost"
    assert not process.is_running()
    assert desk.runs.renew(other) == ""
    assert desk.status("run") == "running"


def test_a_run_that_diverges_says_why_and_what_to_do(desk, supervise):
    desk.queue("run", recipe(learning_rate=1e9, clip_norm=0.0, optimizer="sgd"))
    assert supervise().done() == "failed"
    error = desk.error("run")
    assert error["hint"]
    assert (error["error"], error["step"]) == (desk.events("run")[-1]["error"], desk.events("run")[-1]["step"])
    assert kinds(desk)[-1] == "failed"


def test_what_the_trainer_refuses_is_told_in_its_own_words(desk, supervise):
    desk.queue("run", recipe(batch_size=-3))
    assert supervise().done() == "failed"
    assert desk.error("run")["error"].startswith("training.batch_size")
    assert "\n" not in desk.error("run")["error"]


def test_a_killed_trainer_goes_on_from_its_checkpoint(desk, supervise):
    desk.queue("run", recipe(**ENDLESS | {"checkpoint_every": 4}))
    thread = supervise()
    until(trains(desk, 9))
    first = trainer_of(thread.claim.folder)
    first.kill()
    second = until(lambda: (found := trainer_of(thread.claim.folder)) and found.pid != first.pid and found)
    until(lambda: "rewound" in kinds(desk) and desk.events("run")[-1]["kind"] == "progress")
    rewound = next(event for event in desk.events("run") if event["kind"] == "rewound")
    assert rewound["step"] >= 4
    assert desk.status("run") == "running"
    assert second.is_running()


def test_a_trainer_that_dies_again_and_again_is_given_up(desk, supervise, monkeypatch):
    start = supervisor.Trainer

    def doomed(*args, **kwargs) -> Trainer:
        trainer = start(*args, **kwargs)
        trainer._process.kill()
        return trainer

    monkeypatch.setattr(supervisor, "Trainer", doomed)
    desk.queue("run", recipe())
    assert supervise().done() == "failed"
    assert "SIGKILL 3 times" in desk.error("run")["error"]
    assert "memory" in desk.error("run")["hint"]


class Flaky:
    """A store that is away while ``away`` is set."""

    def __init__(self, store) -> None:
        self._store, self.away, self.refused = store, threading.Event(), 0

    def __getattr__(self, name: str):
        def call(*args):
            if self.away.is_set():
                self.refused += 1
                raise Unavailable("the database is away")
            return getattr(self._store, name)(*args)

        return call


def test_training_goes_on_while_the_database_is_away_and_nothing_is_lost(desk, supervise):
    store = Flaky(desk.runs)
    desk.queue("run", recipe(max_steps=60))
    thread = supervise(store)
    until(trains(desk))
    store.away.set()
    known = len(desk.events("run"))
    until(lambda: in_file(thread.claim.folder)[-1]["kind"] == "finished")
    until(lambda: store.refused > 1)
    assert (thread.is_alive(), len(desk.events("run"))) == (True, known)
    store.away.clear()
    assert thread.done() == "finished"
    assert desk.events("run") == in_file(thread.claim.folder)


def test_the_studio_can_end_while_the_database_is_away(desk, supervise, stopping):
    store = Flaky(desk.runs)
    desk.queue("run", recipe(**ENDLESS))
    thread = supervise(store)
    until(trains(desk))
    process = trainer_of(thread.claim.folder)
    store.away.set()
    stopping.set()
    assert thread.done() == "lost"
    assert not process.is_running()
    assert in_file(thread.claim.folder)[-1]["kind"] == "stopped"
    desk.expire("run")
    assert desk.runs.reap() == ["run"]


class TestTakeOver:
    def leave_a_trainer(self, desk) -> tuple[Trainer, psutil.Process]:
        """What a frozen worker leaves: a trainer that trains on, its standard input still open."""
        claim = desk.runs.claim("frozen")
        arguments = workplace.prepare(claim)
        trainer = Trainer(claim.folder, arguments, device=None, threads=1)
        until(lambda: (claim.folder / follow.EVENTS).exists() and len(in_file(claim.folder)) > 3)
        desk.expire("run")
        desk.runs.reap()
        return trainer, trainer_of(claim.folder)

    def test_the_old_trainer_ends_first_with_a_checkpoint(self, desk, supervise):
        desk.queue("run", recipe(**ENDLESS))
        old, process = self.leave_a_trainer(desk)
        thread = supervise()
        until(lambda: old.poll() is not None)
        assert old.poll() == 3
        until(lambda: (found := trainer_of(thread.claim.folder)) and found.pid != process.pid)
        until(lambda: kinds(desk).count("started") == 2)
        assert desk.events("run") == in_file(thread.claim.folder)[: len(desk.events("run"))]
        old.kill()

    def test_a_stranger_in_the_folder_is_not_touched(self, desk, supervise, monkeypatch):
        monkeypatch.setattr(supervisor, "TAKEOVER", 0.5)
        desk.queue("run", recipe())
        lock = desk.folder / "run" / "out" / "lock"
        lock.parent.mkdir(parents=True)
        with lock.open("w") as file:
            file.write(str(os.getpid()))
            file.flush()
            fcntl.flock(file, fcntl.LOCK_EX)
            assert supervise().done() == "failed"
        assert "another process" in desk.error("run")["error"]

    def test_waiting_for_a_folder_it_can_still_be_stopped(self, desk, supervise):
        desk.queue("run", recipe())
        lock = desk.folder / "run" / "out" / "lock"
        lock.parent.mkdir(parents=True)
        with lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            desk.want("run", "stop")
            assert supervise().done() == "released"
        assert desk.status("run") == "stopped"

    def test_where_the_file_knows_less_than_the_database_the_file_is_right(self, desk, supervise):
        """A power cut takes what was not yet on disk, also when the database had it."""
        desk.queue("run", recipe())
        assert supervise().done() == "finished"
        run = desk.runs.runs["run"]
        run.status = "queued"
        file = desk.folder / "run" / follow.EVENTS
        lost = events.dumps({**run.events[-1], "seq": len(run.events) + 1, "kind": "sampled"})
        run.events.append(json.loads(lost))
        assert supervise().done() == "finished"
        assert desk.events("run") == list(follow.events(file))
