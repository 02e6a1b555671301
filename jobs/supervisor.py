"""One claim of a run, from taking the folder over to the run's next status.

The trainer works on whatever happens here: its ``events.jsonl`` is the truth, which this follows into the database, and
when the database is away for a while, what was stated meanwhile goes in later. Whoever holds the lease decides; who has
lost it kills the trainer and leaves.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import Any, TypeVar

import psutil

from jobs import deaths, follow, workplace
from jobs.ports import Claim, LeaseLost, RunStore, Unavailable
from jobs.trainer import Trainer, signal_name

TICK = 0.25  # seconds between looks at the events
RENEW = 2.0  # seconds between renewals of the lease, which also say whether a stop is wanted
AGAIN = 1.0  # seconds until an unavailable store is asked again
PATIENCE = 120.0  # seconds that a stopping trainer gets for its step and its checkpoint
SHUTDOWN = 10.0  # the same when the studio ends, for which `studio up` has 15
TAKEOVER = 60.0  # seconds to wait for a folder in which somebody else still trains

log = logging.getLogger(__name__)
T = TypeVar("T")


class Supervisor:
    """Trains the claimed run until it ends, shall end, or ``stopping`` is set; ``device``: see :mod:`jobs.slots`."""

    def __init__(
        self, store: RunStore, claim: Claim, stopping: Event, *, device: str | None = None, threads: int | None = None
    ) -> None:
        self._store, self._claim, self._stopping = store, claim, stopping
        self._device, self._threads = device, threads
        self._file = claim.folder / follow.EVENTS
        self._follower = follow.Follower(self._file, claim.last_seq)
        self._pending: list[dict[str, Any]] = []  # read from the file, not yet in the store
        self._reached = 0  # the furthest step that was stated
        self._failed: dict[str, Any] | None = None  # what the trainer itself said of its failure
        self._wanted = ""
        self._asked_at: float | None = None  # when the trainer was asked to end
        self._renew_at = 0.0
        self._store_is_back_at = 0.0
        self._trainer: Trainer | None = None

    def run(self) -> str:
        """What became of the run: finished, failed, released (given back, stopped or paused), or lost."""
        try:
            return self._train_or_fail()
        except LeaseLost:
            log.warning("run %s is somebody else's now", self._claim.run_id)
        except Unavailable:
            log.warning("run %s is left as it is: the studio ends and the database is away", self._claim.run_id)
        finally:
            if self._trainer:
                self._trainer.kill()
        return "lost"

    def _train_or_fail(self) -> str:
        try:
            return self._train()
        except (LeaseLost, Unavailable):
            raise
        except Exception as error:
            log.exception("run %s cannot be supervised", self._claim.run_id)
            if self._trainer:
                self._trainer.kill()
            hint = "This is an error of the studio, not of the recipe; the worker's log has more."
            return self._finish("failed", error=f"{type(error).__name__}: {error}", hint=hint)

    def _train(self) -> str:
        if not self._take_over():
            return self._release()
        self._agree_with_file()
        died, at = 0, None
        while (code := self._attempt()) < 0 and self._asked_at is None:
            # Killed: by the system for want of memory, or by a person. It goes on from its checkpoint.
            log.warning("the trainer of run %s died by %s", self._claim.run_id, signal_name(code))
            died, at = deaths.counted(died, at, self._reached)
            if died == deaths.LIMIT:
                return self._finish("failed", **deaths.of_trainer(signal_name(code), at))
        if code == 0:
            return self._finish("finished")
        if code == 3 or code < 0:
            return self._release()
        said = self._trainer.last_words().rpartition("\n")[2].removeprefix("rnncore: error: ")
        said = said or f"The training process ended with code {code}."
        return self._finish("failed", **(self._failed or {"error": said, "hint": ""}))

    def _take_over(self) -> bool:
        """Ends the trainer that an earlier claim left in the folder; False when we shall end meanwhile."""
        folder, start = self._claim.folder, time.monotonic()
        asked: set[int] = set()
        while not workplace.is_free(folder):
            waited = time.monotonic() - start
            if old := workplace.occupant(folder):
                with suppress(psutil.Error):
                    if old.pid not in asked:  # with a checkpoint, if it can
                        log.warning("run %s: ending process %s of an earlier attempt", self._claim.run_id, old.pid)
                        asked.add(old.pid)
                        old.send_signal(signal.SIGTERM)
                    elif waited > TAKEOVER / 2:
                        old.kill()
            if waited > TAKEOVER:
                raise TimeoutError(f"another process trains in {folder}, and not on this machine")
            self._keep_lease()
            if self._stopping.wait(TICK) or self._wanted:
                return False
        return True

    def _agree_with_file(self) -> None:
        """A power cut may have taken events from the file that the database has: the file is the truth."""
        if follow.last_seq(self._file) < self._claim.last_seq:
            log.warning("run %s: the database is ahead of events.jsonl and is filled anew", self._claim.run_id)
            last = self._insist(lambda: self._store.refill(self._claim, follow.events(self._file)))
            self._follower = follow.Follower(self._file, last)

    def _attempt(self) -> int:
        """Starts the trainer and follows it to its end; its exit code."""
        arguments = workplace.prepare(self._claim)
        self._trainer = Trainer(self._claim.folder, arguments, device=self._device, threads=self._threads)
        while (code := self._trainer.poll()) is None:
            self._keep_lease()
            if time.monotonic() >= self._store_is_back_at:
                with suppress(Unavailable):
                    self._pass_on()
            self._ask_to_end_if_wanted()
            self._trainer.wait(TICK)
        while self._insist(self._pass_on):
            pass
        return code

    def _pass_on(self) -> bool:
        """Hands the next events to the store; False when there are none. Raises Unavailable; then call it again."""
        if not self._pending:
            self._pending = self._follower.read()
        if not self._pending:
            return False
        self._reach(lambda: self._store.append(self._claim, self._pending))
        for event in self._pending:
            self._reached = max(self._reached, event["step"])
            if event["kind"] == "failed":
                self._failed = {"error": event["error"], "hint": event["hint"], "step": event["step"]}
        self._pending = []
        return True

    def _keep_lease(self) -> None:
        if time.monotonic() >= max(self._renew_at, self._store_is_back_at):
            with suppress(Unavailable):
                self._wanted = self._reach(lambda: self._store.renew(self._claim))
                self._renew_at = time.monotonic() + RENEW

    def _ask_to_end_if_wanted(self) -> None:
        now, ending = time.monotonic(), self._stopping.is_set()
        if self._asked_at is None and (self._wanted or ending):
            self._asked_at = now
            self._trainer.ask_to_end()
        if self._asked_at is not None and now > self._asked_at + (SHUTDOWN if ending else PATIENCE):
            log.warning("run %s: the trainer did not end in time and is killed", self._claim.run_id)
            self._trainer.kill()

    def _finish(self, status: str, **error: Any) -> str:
        self._insist(lambda: self._store.finish(self._claim, status, error or None))
        return status

    def _release(self) -> str:
        self._insist(lambda: self._store.release(self._claim))
        return "released"

    def _insist(self, call: Callable[[], T]) -> T:
        """Calls until the store is there. Raises Unavailable only when the studio ends meanwhile."""
        while True:
            try:
                return self._reach(call)
            except Unavailable:
                if self._stopping.wait(AGAIN):
                    raise

    def _reach(self, call: Callable[[], T]) -> T:
        """Calls, and notes down when the store is away. Raises Unavailable."""
        try:
            answer = call()
        except Unavailable as error:
            if not self._store_is_back_at:
                log.warning("run %s trains on without the database: %s", self._claim.run_id, error)
            self._store_is_back_at = time.monotonic() + AGAIN
            raise
        self._store_is_back_at = 0.0
        return answer
