"""Real Celery workers over a real Redis and the real trainer: ended gently, killed, frozen, cut off."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from jobs import follow, presence, workplace
from jobs.app import app
from jobs.ports import LEASE
from jobs.wake import wake
from tests.jobs.recipes import ENDLESS, TEXT, recipe
from tests.waiting import until
from webapp.datasets.models import Dataset, Version
from webapp.runs import feed, store
from webapp.runs.models import Run
from webapp.teams.models import Team


def now(run: Run) -> Run:
    run.refresh_from_db()
    return run


def trainer_of(run: Run) -> psutil.Process | None:
    folder = store.folder(run.id)
    return None if workplace.is_free(folder) else workplace.occupant(folder)


def ready(valkey, role: str, worker) -> None:
    def says_so() -> int:
        assert worker.poll() is None, f"the {role} worker ended with {worker.returncode}"
        return valkey.client.exists(f"unroll:worker:{presence.worker_name(role, worker.pid)}")

    until(says_so)


def assert_whole(run: Run) -> list[dict]:
    """The database has every event of the file, once, in order."""
    stored = feed.events_after(run.id, 0, 100_000)
    assert [event["seq"] for event in stored] == list(range(1, len(stored) + 1))
    assert stored == list(follow.events(store.folder(run.id) / follow.EVENTS))
    return stored


def test_a_file_is_read_and_a_run_trained_without_torch_in_the_workers(start, valkey, settings, trainable):
    part = settings.DATA / "uploads" / "new.part"
    part.parent.mkdir(exist_ok=True)
    part.write_text(TEXT)
    dataset = Dataset.objects.create(team=Team.objects.create(name="team"), name="new")
    version = Version.objects.create(dataset=dataset, filename="new.txt", source="uploads/new.part")
    run = trainable(recipe())
    workers = {role: start(role) for role in ("ingest", "training")}

    until(lambda: Version.objects.get(id=version.id).status != "processing")
    version.refresh_from_db()
    assert (version.status, version.bytes, version.done_bytes) == ("ready", len(TEXT), len(TEXT)), version.error
    assert version.inspection["statistics"]["characters"] == len(TEXT)
    assert not part.exists()

    until(lambda: now(run).status == "running")
    until(lambda: trainer_of(run))
    for role, worker in workers.items():
        assert "celery" in Path(f"/proc/{worker.pid}/cmdline").read_text()
        loaded = Path(f"/proc/{worker.pid}/maps").read_text()  # its own alone: the trainer, its child, has torch
        assert "torch" not in loaded, f"the {role} worker has torch in its memory"
    until(lambda: now(run).status != "running")
    assert run.status == "finished", run.error
    assert_whole(run)
    assert run.step == 40


def test_a_worker_that_is_asked_to_end_gives_its_run_back_and_the_next_one_goes_on(start, valkey, trainable):
    run = trainable(recipe(**ENDLESS))
    first = start("training")
    until(lambda: now(run).step >= 2)
    first.terminate()
    assert first.wait(15) == 0
    assert (now(run).status, run.worker) == ("queued", "")
    assert not list(valkey.client.scan_iter("unroll:worker:*"))
    checkpoint = [event for event in assert_whole(run) if event["kind"] == "checkpointed"][-1]

    start("training")
    until(lambda: now(run).step > checkpoint["step"])
    Run.objects.update(wanted="stop")
    until(lambda: now(run).status == "stopped")
    assert run.attempt == 2
    steps = [event["step"] for event in assert_whole(run) if event["kind"] == "progress"]
    assert steps == sorted(set(steps))


def test_a_dead_worker_is_seen_within_half_a_minute():
    assert LEASE + 2 * timedelta(seconds=app.conf.beat_schedule["reap"]["schedule"]) < timedelta(seconds=30)


def test_a_killed_worker_and_a_frozen_one_are_succeeded(start, valkey, trainable):
    """The first is killed: its trainer ends by itself. The second freezes: its trainer is ended by the third."""
    run = trainable(recipe(**ENDLESS | {"checkpoint_every": 10}))
    start("ingest")  # reaps
    start("beat")
    first = start("training")
    until(lambda: now(run).step >= 1)
    trainer = until(lambda: trainer_of(run))
    second = start("training")
    ready(valkey, "training", second)
    first.send_signal(signal.SIGKILL)
    until(lambda: now(run).attempt == 2)
    until(lambda: not trainer.is_running())
    known = now(run).last_seq
    until(lambda: now(run).last_seq > known + 2)

    trainer = until(lambda: trainer_of(run))
    second.send_signal(signal.SIGSTOP)
    third = start("training")
    until(lambda: now(run).attempt == 3)
    until(lambda: not trainer.is_running() or trainer.status() == psutil.STATUS_ZOMBIE)
    known = now(run).last_seq
    until(lambda: now(run).last_seq > known + 2)
    second.send_signal(signal.SIGCONT)
    until(lambda: not psutil.Process(second.pid).children())  # it has left
    assert (now(run).status, run.fence) == ("running", 3)

    Run.objects.update(wanted="stop")
    until(lambda: now(run).status == "stopped")
    assert_whole(run)
    assert (second.poll(), third.poll()) == (None, None)


def test_redis_may_go_and_come_back(start, valkey, trainable):
    run = trainable(recipe(**ENDLESS))
    worker, beat = start("training"), start("beat")
    until(lambda: now(run).step >= 1)
    valkey.stop()
    try:
        known = now(run).last_seq
        until(lambda: now(run).last_seq > known + 5)  # it trains on, and the database follows
        wake("jobs.training.work")  # fails nothing
        other = trainable(recipe())
        Run.objects.filter(id=run.id).update(wanted="stop")
        until(lambda: now(run).status == "stopped")
    finally:
        valkey.start()
    until(lambda: now(other).status == "finished")
    assert (worker.poll(), beat.poll()) == (None, None)
    assert_whole(run)


@pytest.mark.parametrize("role", ["ingest", "inference", "training", "beat"])
def test_an_idle_process_ends_at_once(start, valkey, role):
    process = start(role)
    if role == "beat":
        until(lambda: valkey.client.dbsize())
    else:
        ready(valkey, role, process)
    process.terminate()
    assert process.wait(10) in (0, -signal.SIGTERM)
