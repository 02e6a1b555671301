from __future__ import annotations

import pytest

from jobs.follow import Follower, events, last_seq
from rnncore.events import dumps
from tests.webapp.runs.events import feed, progress, sampled

BODY = feed(*(progress(step) for step in range(1, 6)), sampled(6, "line\u2028separator\x85and\u0000"))
LINES = [dumps(event).encode() + b"\n" for event in BODY]


def test_each_event_is_read_once_while_the_file_grows(tmp_path):
    file = tmp_path / "events.jsonl"
    follower = Follower(file, 0)
    assert follower.read() == []  # not there yet
    file.write_bytes(b"".join(LINES[:2]))
    assert follower.read() == BODY[:2]
    assert follower.read() == []
    with file.open("ab") as more:
        more.write(b"".join(LINES[2:]))
    assert follower.read(limit=3) == BODY[2:5]
    assert follower.read() == BODY[5:]


def test_half_a_line_waits_for_its_other_half(tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_bytes(LINES[0] + LINES[1][:20])
    follower = Follower(file, 0)
    assert follower.read() == BODY[:1]
    assert follower.read() == []
    file.write_bytes(LINES[0] + LINES[1])
    assert follower.read() == BODY[1:2]


def test_half_a_line_that_a_crash_left_may_be_replaced(tmp_path):
    """The next attempt cuts it off and writes another event in its place."""
    file = tmp_path / "events.jsonl"
    file.write_bytes(LINES[0] + LINES[5][:30])
    follower = Follower(file, 0)
    follower.read()
    file.write_bytes(LINES[0] + LINES[1] + LINES[2])
    assert follower.read() == BODY[1:3]


def test_it_begins_where_the_database_stands(tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"".join(LINES))
    assert Follower(file, 4).read() == BODY[4:]


def test_a_damaged_line_is_an_error(tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_bytes(LINES[0] + b"\x00\x00\n" + LINES[1])
    with pytest.raises(ValueError):
        Follower(file, 0).read()


def test_a_whole_file_and_its_end(tmp_path):
    file = tmp_path / "events.jsonl"
    assert (list(events(file)), last_seq(file)) == ([], 0)
    file.write_bytes(b"".join(LINES) + b'{"seq":7')
    assert (list(events(file)), last_seq(file)) == (BODY, 6)
