"""What every implementation of the ports promises: the queue, the lease, the fence, the feed, the readers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from jobs.ports import LeaseLost
from tests.webapp.runs.events import feed, progress, sampled, started


def in_threads(count: int, call: Callable[[int], object]) -> list[object]:
    """Calls from many threads at the same moment; the answers."""
    gate = threading.Barrier(count)

    def at_once(number: int) -> object:
        gate.wait()
        try:
            return call(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(at_once, range(count)))


class TestQueue:
    def test_first_come_first_served(self, desk):
        for name in ("one", "two", "three"):
            desk.queue(name)
        assert [desk.runs.claim("w").run_id for _ in range(3)] == ["one", "two", "three"]
        assert desk.runs.claim("w") is None

    def test_a_claim_says_what_to_train(self, desk):
        desk.queue("one", {"task": {"kind": "language_model"}})
        claim = desk.runs.claim("w")
        assert (claim.recipe, claim.data.name) == ({"task": {"kind": "language_model"}}, "text.txt")
        assert (claim.fence, claim.attempt, claim.last_seq, claim.valid) == (1, 1, 0, None)
        assert desk.status("one") == "running"

    def test_many_workers_never_claim_one_run_twice(self, desk):
        names = {desk.queue(f"run{number}") for number in range(12)}

        def claim_all(number: int) -> list[str]:
            claimed = []
            while claim := desk.runs.claim(f"worker {number}"):
                claimed.append(claim.run_id)
            return claimed

        claimed = [name for each in in_threads(8, claim_all) for name in each]
        assert sorted(claimed) == sorted(names)

    def test_one_of_many_wins_one_run(self, desk):
        desk.queue("one")
        claims = in_threads(8, lambda number: desk.runs.claim(f"worker {number}"))
        assert sum(claim is not None for claim in claims) == 1

    def test_released_it_is_first_again(self, desk):
        desk.queue("one")
        desk.queue("two")
        desk.runs.release(desk.runs.claim("w"))
        again = desk.runs.claim("w")
        assert (again.run_id, again.fence, again.attempt) == ("one", 2, 2)

    @pytest.mark.parametrize(("wanted", "status"), [("", "queued"), ("stop", "stopped"), ("pause", "paused")])
    def test_let_go_it_becomes_what_was_wanted(self, desk, wanted, status):
        for name in ("released", "reaped"):
            desk.queue(name)
            claim = desk.runs.claim("w")
            desk.want(name, wanted)
            if name == "released":
                desk.runs.release(claim)
            else:
                desk.expire(name)
                assert desk.runs.reap() == [name]
            assert (desk.status(name), desk.wanted(name)) == (status, "")
            if status == "queued":
                desk.delete(name)

    def test_finished_it_stays_finished(self, desk):
        desk.queue("one")
        claim = desk.runs.claim("w")
        desk.runs.finish(claim, "failed", {"error": "loss is not finite", "hint": "lower it", "step": 3})
        assert (desk.status("one"), desk.error("one")["step"]) == ("failed", 3)
        for call in (desk.runs.renew, desk.runs.release, lambda claim: desk.runs.finish(claim, "finished")):
            with pytest.raises(LeaseLost):
                call(claim)
        assert desk.runs.reap() == []


class TestLease:
    def test_a_renewal_says_what_is_wanted(self, desk):
        desk.queue("one")
        claim = desk.runs.claim("w")
        assert desk.runs.renew(claim) == ""
        desk.want("one", "pause")
        assert desk.runs.renew(claim) == "pause"

    def test_only_an_ended_lease_is_reaped(self, desk):
        desk.queue("alive")
        desk.queue("dead")
        alive, _ = desk.runs.claim("w"), desk.runs.claim("w")
        desk.expire("dead")
        assert desk.runs.reap() == ["dead"]
        assert desk.runs.reap() == []
        desk.expire("alive")
        desk.runs.renew(alive)
        assert desk.runs.reap() == []

    def test_the_fence_keeps_a_late_worker_out(self, desk):
        desk.queue("one")
        late = desk.runs.claim("late")
        desk.runs.append(late, feed(started()))
        desk.expire("one")
        desk.runs.reap()
        new = desk.runs.claim("new")
        assert new.fence > late.fence
        assert new.last_seq == 1
        for call in (
            lambda: desk.runs.renew(late),
            lambda: desk.runs.append(late, feed(progress(1), first=2)),
            lambda: desk.runs.refill(late, feed(started(5))),
            lambda: desk.runs.finish(late, "finished"),
            lambda: desk.runs.release(late),
        ):
            with pytest.raises(LeaseLost):
                call()
        assert desk.events("one") == feed(started())
        assert desk.runs.renew(new) == ""

    def test_reaped_but_not_claimed_it_is_taken_back(self, desk):
        desk.queue("one")
        claim = desk.runs.claim("cut off for a while")
        desk.expire("one")
        desk.runs.reap()
        assert desk.status("one") == "queued"
        assert desk.runs.append(claim, feed(started())) == 1
        desk.runs.renew(claim)
        assert desk.status("one") == "running"
        assert desk.runs.claim("other") is None

    def test_reaped_and_renewed_at_once_one_of_both_wins(self, desk):
        for number in range(4):
            name = desk.queue(f"run{number}")
            claim = desk.runs.claim("w")
            desk.expire(name)
            in_threads(2, lambda thread, claim=claim: desk.runs.renew(claim) if thread else desk.runs.reap())
            assert desk.status(name) in ("running", "queued")
            assert desk.runs.renew(claim) == ""
            desk.runs.finish(claim, "finished")

    def test_a_run_that_loses_its_worker_again_and_again_at_one_step_fails(self, desk):
        desk.queue("one")
        self.lose_worker(desk, started(), progress(7))
        self.lose_worker(desk)
        assert desk.status("one") == "queued"
        claim = self.lose_worker(desk)
        assert desk.status("one") == "failed"
        error = desk.error("one")
        assert (error["step"], error["resumable"]) == (7, True)
        assert "died 3 times near step 7" in error["error"]
        assert "batch size" in error["hint"]
        with pytest.raises(LeaseLost):
            desk.runs.renew(claim)

    def test_a_step_further_the_deaths_are_counted_anew(self, desk):
        desk.queue("one")
        self.lose_worker(desk, started(), progress(7))
        self.lose_worker(desk)
        self.lose_worker(desk, progress(8))
        self.lose_worker(desk)
        assert desk.status("one") == "queued"

    def test_who_wanted_it_to_pause_finds_it_paused(self, desk):
        desk.queue("one")
        for _ in range(2):
            self.lose_worker(desk)
        desk.want("one", "pause")
        self.lose_worker(desk)
        assert desk.status("one") == "paused"

    def test_a_worker_that_is_asked_to_end_is_no_death(self, desk):
        desk.queue("one")
        for _ in range(5):
            desk.runs.release(desk.runs.claim("w"))
        assert desk.status("one") == "queued"

    @staticmethod
    def lose_worker(desk, *events):
        """Claims the run ``one``, states the events, and dies; the claim."""
        claim = desk.runs.claim("w")
        desk.runs.append(claim, feed(*events, first=claim.last_seq + 1))
        desk.expire("one")
        assert desk.runs.reap() == ["one"]
        return claim

    def test_a_deleted_run_is_lost(self, desk):
        desk.queue("one")
        claim = desk.runs.claim("w")
        desk.delete("one")
        for call in (lambda: desk.runs.renew(claim), lambda: desk.runs.append(claim, feed(started()))):
            with pytest.raises(LeaseLost):
                call()


class TestFeed:
    @pytest.fixture
    def claim(self, desk):
        desk.queue("one")
        return desk.runs.claim("w")

    def test_what_is_there_is_skipped(self, desk, claim):
        events = feed(started(), progress(1), progress(2), sampled(2), progress(3))
        assert desk.runs.append(claim, events[:3]) == 3
        assert desk.runs.append(claim, events[1:]) == 5
        assert desk.runs.append(claim, events) == 5
        assert desk.runs.append(claim, []) == 5
        assert desk.events("one") == events

    def test_a_gap_is_refused_whole(self, desk, claim):
        events = feed(started(), progress(1), progress(2), progress(3))
        desk.runs.append(claim, events[:1])
        with pytest.raises(ValueError, match="event 3 is missing before 4"):
            desk.runs.append(claim, [events[1], events[3]])
        assert desk.events("one") == events[:1]

    def test_appended_twice_at_once_it_is_there_once(self, desk, claim):
        events = feed(started(), *(progress(step) for step in range(1, 60)), sampled(60))
        in_threads(4, lambda _: desk.runs.append(claim, events))
        assert desk.events("one") == events

    def test_refilled_the_file_is_the_truth(self, desk, claim):
        desk.runs.append(claim, feed(started(), progress(1), progress(2), sampled(2)))
        truth = feed(started(), progress(1, loss=9.0))
        assert desk.runs.refill(claim, iter(truth)) == 2
        assert desk.events("one") == truth
        assert desk.runs.append(claim, feed(progress(2), first=3)) == 3


class TestReaders:
    def test_oldest_first_and_each_to_one_reader(self, desk):
        for name in ("one", "two"):
            desk.upload(name, b"text")
        assert [desk.datasets.claim("w").version_id for _ in range(2)] == ["one", "two"]
        assert desk.datasets.claim("w") is None

    def test_one_of_many_readers_wins(self, desk):
        desk.upload("one", b"text")
        assert sum(claim is not None for claim in in_threads(8, lambda _: desk.datasets.claim("w"))) == 1

    def test_the_reader_sees_the_bytes(self, desk):
        desk.upload("one", b"to be")
        assert desk.datasets.claim("w").path.read_bytes() == b"to be"

    def test_a_dead_readers_file_is_read_again(self, desk):
        desk.upload("one", b"text")
        desk.datasets.claim("dead")
        desk.expire_reader("one")
        ingest = desk.datasets.claim("w")
        assert ingest.version_id == "one"
        desk.expire_reader("one")
        desk.datasets.progress(ingest, 2, 4)  # not dead, only late
        assert desk.version("one")["done"] == 2
        assert desk.datasets.claim("other") is None

    def test_given_back_it_waits_again(self, desk):
        desk.upload("one", b"text")
        desk.datasets.release(desk.datasets.claim("w"))
        assert desk.datasets.claim("other").version_id == "one"

    def test_read_it_is_ready(self, desk):
        desk.upload("one", b"text")
        ingest = desk.datasets.claim("w")
        for _ in range(2):
            desk.datasets.ready(ingest, {"sha256": "cd" * 32, "bytes": 4, "format": "text"})
        assert desk.version("one")["status"] == "ready"
        assert desk.datasets.claim("w") is None

    def test_unusable_it_says_why_and_where(self, desk):
        desk.upload("one", b"\x00")
        ingest = desk.datasets.claim("w")
        desk.datasets.failed(ingest, "is a binary file", hint="upload text", offset=7)
        assert desk.version("one")["status"] == "failed"
        expected = {"message": "is a binary file", "hint": "upload text", "line": None, "offset": 7}
        assert desk.version("one")["error"] == expected
        assert not ingest.path.exists()
        assert desk.datasets.claim("w") is None

    def test_deleted_meanwhile_it_is_lost(self, desk):
        desk.upload("one", b"text")
        ingest = desk.datasets.claim("w")
        desk.delete_version("one")
        with pytest.raises(LeaseLost):
            desk.datasets.progress(ingest, 1, 4)
        desk.datasets.ready(ingest, {"sha256": "ef" * 32, "bytes": 4})
        desk.datasets.failed(ingest, "late")


class TestQuestions:
    def test_each_to_one_worker_until_it_is_answered(self, desk):
        for name in ("one", "two"):
            desk.ask(name)
        first, second = desk.datasets.claim_check(), desk.datasets.claim_check()
        assert [first.check_id, second.check_id] == ["one", "two"]
        assert (first.task, first.roles, first.other) == ("classification", {"a": "label"}, None)
        assert desk.datasets.claim_check() is None
        desk.datasets.release_check(first)
        assert desk.datasets.claim_check().check_id == "one"

    def test_answered_it_is_no_question_any_more(self, desk):
        desk.ask("one")
        check = desk.datasets.claim_check()
        for problems in ([{"message": "odd"}], [{"message": "late"}]):
            desk.datasets.checked(check, problems)
        desk.datasets.release_check(check)
        assert desk.datasets.claim_check() is None
        assert desk.answer("one") == ([{"message": "odd"}], "")

    def test_why_there_is_no_answer_is_kept(self, desk):
        desk.ask("one")
        desk.datasets.checked(desk.datasets.claim_check(), [], "the file is gone")
        assert desk.answer("one") == ([], "the file is gone")
