from __future__ import annotations

import os
import sys

import pytest

from jobs import roles


@pytest.fixture
def become(monkeypatch):
    """The command that `python -m jobs.roles` becomes."""

    def become(*arguments: str) -> list[str]:
        found = []
        monkeypatch.setattr(os, "execv", lambda program, argv: found.append((program, argv)))
        monkeypatch.setattr(sys, "argv", ["roles", *arguments])
        roles.main()
        ((program, argv),) = found
        assert program == argv[0] == sys.executable
        return argv

    return become


def test_the_training_worker_has_a_thread_for_each_slot(become, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("UNROLL_WORKERS", "3")
    argv = become("training")
    assert argv[argv.index("--concurrency") + 1] == "3"
    assert argv[argv.index("--queues") + 1] == "training"
    assert "--disable-prefetch" in argv


def test_the_web_server_listens_where_it_is_told(become):
    argv = become("web", "--host", "127.0.0.2", "--port", "81")
    assert argv[argv.index("--host") + 1 :: 2][:2] == ["127.0.0.2", "81"]


def test_a_role_that_does_not_exist_is_refused(become, capsys):
    with pytest.raises(SystemExit):
        become("cook")
    assert "cook" in capsys.readouterr().err
