from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys

import pytest

from jobs import workplace
from jobs.ports import Source
from tests.jobs.desks import MemoryDesk


@pytest.fixture
def claim(tmp_path):
    desk = MemoryDesk(tmp_path)
    desk.queue("run", {"task": {"kind": "language_model"}})
    (tmp_path / "text").write_text("to be")
    return desk.runs.claim("w")


def test_the_folder_reads_like_the_command_on_the_page(claim):
    arguments = workplace.prepare(claim)
    assert arguments == [
        "train", "recipe.json", "--data", "data/text.txt", "--out", "out", "--resume", "--until-stdin-closes",
    ]  # fmt: skip
    assert json.loads((claim.folder / "recipe.json").read_text()) == {"task": {"kind": "language_model"}}
    assert (claim.folder / "data" / "text.txt").read_text() == "to be"


def test_it_is_laid_out_anew_for_each_attempt(claim):
    workplace.prepare(claim)
    other = dataclasses.replace(claim, data=Source(claim.data.path, "other.txt"), valid=claim.data, test=claim.data)
    arguments = workplace.prepare(other)
    assert arguments[2:8] == ["--data", "data/other.txt", "--valid", "valid/text.txt", "--test", "test/text.txt"]
    assert [path.name for path in (claim.folder / "data").iterdir()] == ["other.txt"]
    assert claim.data.path.read_text() == "to be"  # the text itself is never touched


def test_the_whole_data_folder_may_move(claim, tmp_path):
    workplace.prepare(claim)
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    assert (moved / "run" / "data" / "text.txt").read_text() == "to be"


@pytest.mark.parametrize(("given", "safe"), [
    ("faust.txt", "faust.txt"), ("../../etc/passwd", "passwd"), ("..\\..\\boot.ini", "boot.ini"),
    ("a\x00b\n.txt", "ab.txt"), ("..", "data.txt"),
    ("", "data.txt"), ("--out", "out"), ("🐙 <b>.txt", "🐙 <b>.txt"), ("half \ud83d", "half "),
])  # fmt: skip
def test_names_are_harmless(given, safe):
    assert workplace.safe_name(given) == safe


def test_a_long_name_keeps_its_end():
    safe = workplace.safe_name("ü" * 300 + ".txt.gz")
    assert len(safe.encode()) <= 200
    assert safe.endswith(".txt.gz")


class TestOccupant:
    HOLD = "import fcntl, os, sys, time\nfile = open('out/lock', 'w'); fcntl.flock(file, fcntl.LOCK_EX)\n" \
           "file.write(str(os.getpid())); file.flush(); print(flush=True); time.sleep(60)"  # fmt: skip

    def hold(self, cwd, *words: str) -> subprocess.Popen:
        process = subprocess.Popen([sys.executable, "-c", self.HOLD, *words], cwd=cwd, stdout=subprocess.PIPE)
        process.stdout.readline()
        return process

    def test_a_free_folder(self, tmp_path):
        assert workplace.is_free(tmp_path)
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "lock").write_text(f"{os.getpid()}\n")
        assert workplace.is_free(tmp_path)

    def test_a_trainer_of_this_run_is_found(self, tmp_path):
        (tmp_path / "out").mkdir()
        process = self.hold(tmp_path, "rnncore", "train")
        try:
            assert not workplace.is_free(tmp_path)
            assert workplace.occupant(tmp_path).pid == process.pid
        finally:
            process.kill()
            process.wait()
        assert workplace.is_free(tmp_path)
        assert workplace.occupant(tmp_path) is None

    def test_any_other_process_is_left_alone(self, tmp_path):
        """The number may have been given to somebody else: not one of ours, or one of another run."""
        other = tmp_path / "other"
        (other / "out").mkdir(parents=True)
        (tmp_path / "out").mkdir()
        process = self.hold(other, "rnncore", "train")
        try:
            (tmp_path / "out" / "lock").write_text(str(process.pid))
            assert workplace.occupant(tmp_path) is None
        finally:
            process.kill()
            process.wait()
        (tmp_path / "out" / "lock").write_text(str(os.getpid()))
        assert workplace.occupant(tmp_path) is None
        (tmp_path / "out" / "lock").write_text("nonsense")
        assert workplace.occupant(tmp_path) is None
