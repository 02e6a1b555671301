"""The inference process: one long-lived ``rnncore serve``, which answers many requests at once."""

from __future__ import annotations

import json
import logging
import queue
import subprocess
import sys
import threading
from typing import Any

from django.conf import settings

from jobs.trainer import environment, signal_name

LONGEST_PAUSE = 30.0  # seconds before it is started again when it dies again and again

log = logging.getLogger(__name__)

Line = dict[str, Any]
Answers = queue.SimpleQueue[Line]


class Server:
    """Keeps the process running until ``stopping`` is set, and hands its lines to whoever asked."""

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._lock = threading.Lock()  # of who waits
        self._writing = threading.Lock()  # apart: a write may wait until the process has read, and it until we have
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: dict[str, Answers] = {}

    def start(self) -> None:
        """Starts the process, and starts it again whenever it has died."""
        threading.Thread(target=self._keep_running, name="serve", daemon=True).start()

    def stop(self) -> None:
        """Ends the process; ``stopping`` is set before."""
        if process := self._process:
            process.terminate()

    def ask(self, identity: str, op: str, request: Line) -> Answers:
        """Sends a request, to ``generate`` or to ``predict``; its lines arrive in the queue, the last being of kind
        ``done`` or ``error``."""
        answers: Answers = queue.SimpleQueue()
        with self._lock:
            self._waiting[identity] = answers
        if not self._write({**request, "id": identity, "op": op}):
            with self._lock:
                self._waiting.pop(identity, None)
            answers.put(_error("The inference process is just starting again."))
        return answers

    def cancel(self, identity: str) -> None:
        """Ends a request whose reader has left; one that is done, not at all."""
        with self._lock:
            under_way = self._waiting.pop(identity, None)
        if under_way:
            self._write({"id": identity, "op": "cancel"})

    def _write(self, line: Line) -> bool:
        with self._writing:
            try:
                if self._process is None:
                    return False
                self._process.stdin.write(json.dumps(line).encode() + b"\n")
                self._process.stdin.flush()
            except (BrokenPipeError, ValueError):  # it has died, or was closed, a moment ago
                return False
        return True

    def _keep_running(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            pause = min(LONGEST_PAUSE, 2 * pause + 0.5)
            if self._run_once():
                pause = 0.0

    def _run_once(self) -> bool:
        """Runs the process to its end; whether it ever was ready."""
        process = subprocess.Popen(
            [sys.executable, "-m", "rnncore", "serve"], cwd=settings.BASE_DIR, env=environment(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._process = process
        was_ready = False
        for text in process.stdout:
            line = json.loads(text)
            was_ready |= "ready" in line
            self._hand_on(line)
        code = process.wait()
        self._process = None
        with self._lock:
            orphans, self._waiting = self._waiting, {}
        process.stdin.close()
        if not self._stopping.is_set():
            log.warning("the inference process ended: %s; it is started again", signal_name(code) if code < 0 else code)
        for answers in orphans.values():
            answers.put(_error("The inference process died while it was at it."))
        return was_ready

    def _hand_on(self, line: Line) -> None:
        with self._lock:
            answers = self._waiting.get(line.get("id", ""))
            if answers and line["kind"] in ("done", "error"):
                del self._waiting[line["id"]]
        if answers:
            answers.put(line)
        elif line.get("kind") == "error":
            log.error("rnncore serve: %s", line["error"])


def _error(message: str) -> Line:
    return {"kind": "error", "error": message, "hint": "Try again in a moment.", "field": None}
