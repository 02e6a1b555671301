"""Events: one shape, one line, numbers that JSON has, and what a rewind takes back."""

from __future__ import annotations

import json

import pytest

from rnncore import events

PROGRESS = events.Progress(
    step=3, loss=float("nan"), epoch=0.1, learning_rate=1e-3, grad_norm=float("inf"), tokens_per_second=9.0,
    seconds=2.0, remaining_seconds=None,
)  # fmt: skip


def test_a_line_is_the_contracts_object():
    line = events.encode(PROGRESS, seq=7, at=1_769_860_800_123)
    assert "\n" not in line
    assert json.loads(line) == {
        "seq": 7, "at": "2026-01-31T12:00:00.123Z", "kind": "progress", "step": 3, "epoch": 0.1, "loss": None,
        "learning_rate": 0.001, "grad_norm": None, "tokens_per_second": 9.0, "seconds": 2.0, "remaining_seconds": None,
    }  # fmt: skip


def test_numbers_deep_inside_are_made_finite_too():
    event = events.Evaluated(step=1, split="valid", loss=1.0, metrics={"perplexity": float("inf")})
    assert events.as_dict(event, seq=1, at=0)["metrics"] == {"perplexity": None}


def test_text_stays_as_it_is_on_one_line():
    event = events.Sampled(step=1, prompt="", temperature=1.0, text="é\n\u2028<b>")
    line = events.encode(event, seq=1, at=0)
    assert "é" in line
    assert events.decode(line)["text"] == "é\n\u2028<b>"


@pytest.mark.parametrize("ms", [0, 1, 999, 1_769_860_800_123])
def test_times_go_there_and_back(ms):
    assert events.ms_of(events.iso(ms)) == ms


@pytest.mark.parametrize("line", ["", "{", "[]", "3", '{"seq": 1, "kind": "progress"}'])
def test_what_is_no_event_is_refused(line):
    with pytest.raises(ValueError):
        events.decode(line)


def test_every_kind_is_known_by_its_name_and_says_what_it_is():
    assert {cls.kind for cls in events.EVENTS} == {
        "started", "baseline", "progress", "evaluated", "sampled", "checkpointed", "diagnosed", "rewound", "stopped",
        "finished", "failed",
    }  # fmt: skip
    assert all(cls.__doc__ for cls in events.EVENTS)


def test_a_rewind_takes_later_facts_back():
    def feed(*facts):
        return [{"seq": seq, "at": "", "kind": kind, "step": step} for seq, (kind, step) in enumerate(facts, 1)]

    facts = feed(
        ("started", 0), ("progress", 1), ("progress", 2), ("progress", 3), ("rewound", 2), ("started", 2),
        ("progress", 3), ("progress", 4), ("rewound", 1), ("started", 1), ("progress", 2), ("baseline", 0),
    )  # fmt: skip
    kept = [event["seq"] for event in events.without_rewound(facts)]
    assert kept == [1, 2, 5, 6, 9, 10, 11, 12]
