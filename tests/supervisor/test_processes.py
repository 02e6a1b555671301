"""The supervisor on real, tiny processes."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor import locks, processes
from supervisor.console import Log
from supervisor.processes import Supervisor
from supervisor.services import Service

ROOT = Path(__file__).parent.parent.parent


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-u", "-c", textwrap.dedent(code))


FOREVER = python("import time; print('here', flush=True); time.sleep(600)")
STUBBORN = python(
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(600)"
)


def wait_for(what: Callable[[], object], seconds: float = 20.0, turn: Callable[[], object] | None = None) -> object:
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "it did not happen in time"
        turn() if turn else time.sleep(0.02)
    return found


def lives(pid: int) -> bool:
    """Whether a process runs; one that ended and waits for its parent's notice does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Makes a supervisor that is ended after the test; short pauses and graces."""
    monkeypatch.setattr(processes, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(processes, "GRACE", (1.0, 1.0))
    monkeypatch.setattr(processes, "SWEEP", 0.5)
    made = []

    def start(*services: Service) -> Supervisor:
        log = Log([service.name for service in services], io.StringIO())
        made.append(Supervisor(services, os.environ, tmp_path, log))
        return made[-1]

    yield start
    for supervisor in made:
        if supervisor.lifeline.is_open():
            supervisor.end()


def said(supervisor: Supervisor) -> str:
    return supervisor.log.stream.getvalue()


def test_forwards_output_with_a_prefix_and_harmless(start):
    loud = python(r"print('one\ntwo \x1b[31mred'); print('no end', end=''); raise SystemExit(0)")
    supervisor = start(Service("loud", loud), Service("a-longer-name", FOREVER))
    wait_for(lambda: "no end" in said(supervisor) or supervisor.keepers["loud"].ends > 1, turn=supervisor.turn)
    assert "loud          | one\nloud          | two ·[31mred\n" in said(supervisor)


def test_starts_again_what_ends_after_pauses_that_grow(start):
    supervisor = start(Service("dies", python("raise SystemExit(7)")))
    wait_for(lambda: supervisor.keepers["dies"].ends == 4, turn=lambda: supervisor.turn(0.01))
    told = [line for line in said(supervisor).splitlines() if "ended with code 7" in line]
    assert [line.split("again in ")[1] for line in told] == ["0.05 s", "0.1 s", "0.2 s", "0.4 s"]


def test_a_steady_service_starts_again_at_once(start, monkeypatch):
    supervisor = start(Service("dies", FOREVER))
    keeper = supervisor.keepers["dies"]
    for _ in range(3):
        keeper.note_end()
    monkeypatch.setattr(processes, "STEADY", 0.0)
    assert keeper.note_end() == 0.05


def test_a_command_that_does_not_exist_is_told(start):
    supervisor = start(Service("gone", ("/no/such/program",)))
    supervisor.turn(0)
    assert "could not be started" in said(supervisor)


def test_waits_for_what_a_service_needs(start, tmp_path):
    sign = tmp_path / "sign"

    def check() -> str:
        if not sign.exists():
            raise ConnectionRefusedError("not yet")
        return ""

    supervisor = start(Service("first", FOREVER, check=check), Service("second", FOREVER, after=("first",)))
    for _ in range(5):
        supervisor.turn(0.05)
    assert supervisor.keepers["first"].process is not None
    assert supervisor.keepers["second"].process is None
    sign.touch()
    wait_for(lambda: supervisor.keepers["second"].process, turn=supervisor.turn)


def test_tells_a_complaint_once_and_its_end(start):
    state = [""]
    supervisor = start(Service("ill", FOREVER, check=lambda: state[0]))
    wait_for(lambda: supervisor.well(["ill"]), turn=supervisor.turn)
    supervisor.health["ill"].complaint = "no database"
    supervisor.turn(0)
    supervisor.turn(0)
    supervisor.health["ill"].complaint = ""
    supervisor.turn(0)
    assert said(supervisor).count("no database") == 1
    assert said(supervisor).count("is well again") == 1


@pytest.mark.parametrize("command", [FOREVER, STUBBORN])
def test_replaces_what_answers_no_more(start, monkeypatch, command):
    state = [""]

    def check() -> str:
        if state[0]:
            raise TimeoutError(state[0])
        return ""

    supervisor = start(Service("mute", command, check=check))
    wait_for(lambda: supervisor.well(["mute"]) and "here" in said(supervisor), turn=supervisor.turn)
    first = supervisor.keepers["mute"].process.pid
    monkeypatch.setattr(processes, "SILENCE", 0.2)
    state[0] = "timed out"
    wait_for(lambda: supervisor.keepers["mute"].ends == 1, turn=lambda: supervisor.turn(0.05))
    assert "has not answered" in said(supervisor)
    assert not lives(first)


def test_the_end_is_clean_and_in_order(start):
    polite = """
        import signal, sys, time
        def end(*_):
            time.sleep(0.3)
            print("bye")
            sys.exit()
        signal.signal(signal.SIGTERM, end)
        print("here")
        time.sleep(600)
    """
    supervisor = start(Service("base", python(polite), stage=1), Service("top", python(polite)))
    wait_for(lambda: said(supervisor).count("here") == 2, turn=supervisor.turn)
    pids = [keeper.process.pid for keeper in supervisor.keepers.values()]
    supervisor.end()
    assert said(supervisor).endswith("top  | bye\nbase | bye\n")
    assert not any(map(lives, pids))


def test_the_end_kills_what_stays(start):
    supervisor = start(Service("stays", STUBBORN))
    wait_for(lambda: "here" in said(supervisor), turn=supervisor.turn)
    pid = supervisor.keepers["stays"].process.pid
    supervisor.end()
    assert "did not end within 1 s and is killed" in said(supervisor)
    assert not lives(pid)


CHILD_ELSEWHERE = """
    import os, subprocess, sys, time
    child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"], start_new_session={session})
    print("child", child.pid)
    {then}
"""


@pytest.mark.parametrize("session", [False, True])
def test_no_grandchild_is_left_behind(start, session):
    supervisor = start(Service("parent", python(CHILD_ELSEWHERE.format(session=session, then="time.sleep(600)"))))
    wait_for(lambda: "child" in said(supervisor), turn=supervisor.turn)
    child = int(said(supervisor).split("child ")[1].split()[0])
    assert lives(child)
    supervisor.end()
    assert not lives(child)


def test_foreign_children_are_left_alone(start):
    other = subprocess.Popen(FOREVER, stdout=subprocess.DEVNULL)
    supervisor = start(Service("one", FOREVER))
    supervisor.turn()
    supervisor.end()
    assert other.poll() is None
    other.kill()
    other.wait()


def test_what_a_service_started_outlives_its_restart_but_not_the_end(start):
    """A trainer whose worker died has a checkpoint to write: nobody kills it for that."""
    then = "os._exit(1) if not os.path.exists('again') and not open('again', 'w').close() else time.sleep(600)"
    supervisor = start(Service("parent", python(CHILD_ELSEWHERE.format(session=False, then=then))))
    wait_for(lambda: said(supervisor).count("child") == 2, turn=supervisor.turn)
    first = int(said(supervisor).split("child ")[1].split()[0])
    assert lives(first)
    supervisor.end()
    assert not lives(first)


def test_the_end_waits_for_what_a_service_started(start, tmp_path):
    """A trainer writes its checkpoint when its worker has gone already."""
    trainer = """
        import os, sys, time
        parent = os.getppid()
        print("here", flush=True)
        while os.getppid() == parent:
            time.sleep(0.02)
        time.sleep(0.4)
        open("checkpoint", "w").close()
    """
    worker = f"import subprocess, sys; subprocess.Popen({python(trainer)!r}).wait()"
    supervisor = start(Service("worker", python(worker)))
    wait_for(lambda: "here" in said(supervisor), turn=supervisor.turn)
    supervisor.end()
    assert (tmp_path / "checkpoint").exists()
    assert "is killed" not in said(supervisor)


SUPERVISED = """
    import os, sys
    from pathlib import Path
    from supervisor import lifeline, locks
    from supervisor.console import Log
    from supervisor.processes import Supervisor
    from supervisor.services import Service

    services = [Service("service", {command!r}), Service("base", {command!r}, stage=1)]
    lock = locks.take(Path("lock"))
    supervisor = Supervisor(services, os.environ, Path.cwd(), Log(["service"]), holding=[lock])
    while True:
        supervisor.turn()
        print("pids", *(keeper.process.pid for keeper in supervisor.keepers.values()), flush=True)
"""


@pytest.mark.parametrize("whole_group", [False, True])
def test_a_killed_supervisor_leaves_nothing_behind(tmp_path, whole_group):
    """Also not when its whole process group is killed, and its lock lasts until all has ended."""
    writes_at_its_end = python("""
        import pathlib, signal, sys, time
        def end(*_):
            time.sleep(0.5)
            print("x" * 200_000)  # more than a pipe holds, and nobody reads it any more
            pathlib.Path(f"ended-{sys.argv[0]}-{time.monotonic_ns()}").touch()
            sys.exit()
        signal.signal(signal.SIGTERM, end)
        print("here")
        time.sleep(600)
    """)
    script = textwrap.dedent(SUPERVISED).format(command=writes_at_its_end)
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, start_new_session=True,
    )  # fmt: skip
    lines = []

    def both_here() -> bool:
        lines.append(process.stdout.readline())
        return sum("here" in line for line in lines) == 2

    wait_for(both_here, turn=lambda: None)
    pids = next([int(pid) for pid in line.split()[1:]] for line in reversed(lines) if line.startswith("pids"))
    assert len(pids) == 2
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGKILL)
    process.wait()
    assert locks.take(tmp_path / "lock") is None
    wait_for(lambda: not any(map(lives, pids)))
    assert len(list(tmp_path.glob("ended-*"))) == 2
    lock = wait_for(lambda: locks.take(tmp_path / "lock"))
    os.close(lock)
