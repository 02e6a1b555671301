from __future__ import annotations

import os
import queue

import pytest

from jobs import slots
from jobs.slots import Slots


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """A machine without GPUs and wishes."""
    monkeypatch.delenv("UNROLL_WORKERS", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


@pytest.mark.parametrize(("visible", "workers", "expected"), [
    ("", "", [None]), ("-1", "", [None]), ("", "3", [None, None, None]),
    ("0,1", "", ["0", "1"]), ("GPU-a, GPU-b", "", ["GPU-a", "GPU-b"]), ("0,1", "1", ["0"]),
    ("0,1", "3", ["0", "1", "0"]),
])  # fmt: skip
def test_one_a_gpu_or_as_many_as_one_likes(monkeypatch, visible, workers, expected):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    monkeypatch.setenv("UNROLL_WORKERS", workers)
    assert slots.slots() == expected


def test_the_driver_is_asked_where_nobody_said(monkeypatch, tmp_path):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho GPU-1\necho GPU-2\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert slots.slots() == ["GPU-1", "GPU-2"]
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert slots.slots() == [None]


def test_each_slot_is_taken_once(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    here = Slots()
    assert {here.take(), here.take()} == {"0", "1"}
    assert here.taken == 2
    with pytest.raises(queue.Empty):
        here.take()
    here.give("1")
    assert (here.take(), here.threads) == ("1", None)


def test_trainings_on_one_cpu_share_its_processors(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert Slots().threads is None
    monkeypatch.setenv("UNROLL_WORKERS", "3")
    assert Slots().threads == 2
