"""Runs a command of the setting up: its output goes to a log file, its last line to the terminal."""

from __future__ import annotations

import os
import re
import selectors
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from supervisor.console import Problem, Step

# What in an output points to what mend; the first that fits is told.
OFFLINE = r"could not fetch|connection|name resolution|timed out|\benotfound|\beconn|no matching distribution|network"
MENDS = (
    (r"no space left on device|enospc", "free some disk space and run it again"),
    (r"do not match the hashes", "an index served something else than what is locked; run it again on another network"),
    (r"failed building wheel|failed to build", "there is no ready build for this machine; the log names what it wants"),
    (OFFLINE, "check the network and run it again"),
    (r"", "the log says more"),
)


def run(
    step: Step, command: Sequence[str | Path], log: Path, *, environ: Mapping[str, str] | None = None, cwd: Path
) -> str:
    """Runs `command` to its end and returns what it printed.

    Raises :class:`Problem` (one line with a mend and the log's address) when it fails or cannot be started.
    """
    printed = bytearray()
    argv = [str(part) for part in command]
    try:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environ, cwd=cwd
        )
    except OSError as error:
        raise Problem(f"{argv[0]} could not be started: {error.strerror}") from error
    try:
        _follow(process, step, printed)
        code = process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        text = printed.decode(errors="replace")
        with log.open("a") as file:
            file.write(f"$ {' '.join(argv)}\n{text}\n")
    if code:
        raise Problem(explain(step.title, text, log))
    return text


def explain(title: str, text: str, log: Path) -> str:
    """One line for a failed step: what it was, its own last error, the mend, and where the rest stands."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "npm err", "npm error", "✘"))]
    said = (errors or lines or ["it printed nothing"])[-1]
    mend = next(mend for sign, mend in MENDS if re.search(sign, text, flags=re.IGNORECASE))
    return f"{title} failed: {said[:200]}; {mend} (log: {log})"


def _follow(process: subprocess.Popen[bytes], step: Step, printed: bytearray) -> None:
    """Reads until the output ends, and shows that time passes also while nothing is printed."""
    descriptor = process.stdout.fileno()
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            if selector.select(timeout=0.5):
                block = os.read(descriptor, 65536)
                if not block:
                    return
                printed += block
            step.update(_last_line(printed))


def _last_line(printed: bytearray) -> str:
    return bytes(printed[-2000:]).decode(errors="replace").strip().rpartition("\n")[2].strip()[:70]
