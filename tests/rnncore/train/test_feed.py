"""The feed: numbered without a gap, append-only, whole lines."""

from __future__ import annotations

import json

import pytest

from rnncore.events import Rewound, Sampled
from rnncore.train import feed as feed_module
from rnncore.train.feed import Feed


def lines(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_numbers_go_on_where_the_file_ends(tmp_path):
    for _ in range(3):
        feed = Feed(tmp_path / "events.jsonl")
        assert feed.append(Rewound(step=4))["seq"] == feed.append(Rewound(step=5))["seq"] - 1
        feed.close()
    assert [event["seq"] for event in lines(tmp_path / "events.jsonl")] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("half", [b'{"seq":3,"at"', b"{", b'{"seq":3,"at":"x","kind":"rewound","step":1}'])
def test_half_a_line_is_taken_away_and_nothing_else(tmp_path, half):
    path = tmp_path / "events.jsonl"
    feed = Feed(path)
    feed.append(Rewound(step=1))
    feed.append(Rewound(step=2))
    feed.close()
    whole = path.read_bytes()
    path.write_bytes(whole + half)
    feed = Feed(path)
    assert path.read_bytes() == whole and feed.last["step"] == 2
    assert feed.append(Rewound(step=3))["seq"] == 3


def test_lines_longer_than_a_block_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(feed_module, "BLOCK", 8)
    path = tmp_path / "events.jsonl"
    feed = Feed(path)
    feed.append(Sampled(step=1, prompt="", temperature=1.0, text="ä\n" * 50))
    feed.close()
    assert Feed(path).last["text"] == "ä\n" * 50
    path.write_bytes(path.read_bytes() + b"x" * 100)
    assert Feed(path).seq == 1


def test_text_that_is_no_unicode_does_not_end_the_feed(tmp_path):
    feed = Feed(tmp_path / "events.jsonl")
    feed.append(Sampled(step=1, prompt="", temperature=1.0, text="\ud800"))
    assert lines(tmp_path / "events.jsonl")[0]["text"] == "?"


def test_what_came_after_a_number_is_found_again(tmp_path):
    feed = Feed(tmp_path / "events.jsonl")
    for step in range(4):
        feed.append(Rewound(step=step))
    assert [(event["seq"], event["step"]) for event in feed.after(2)] == [(3, 2), (4, 3)]
