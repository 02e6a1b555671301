"""Feeds as a trainer states them, for tests: through rnncore.events, the one place where their shape stands."""

from __future__ import annotations

from typing import Any

from rnncore import events

AT = 1_769_860_800_000


def progress(step: int, loss: float = 2.0, **fields: Any) -> events.Progress:
    given = {
        "epoch": step / 100, "learning_rate": 0.002, "grad_norm": 0.5, "tokens_per_second": 1e4, "seconds": step / 10,
        "remaining_seconds": 60.0,
    }  # fmt: skip
    return events.Progress(step=step, loss=loss, **given | fields)


def started(step: int = 0) -> events.Started:
    return events.Started(
        step=step, parameters=7, steps=1000, tokens=100, device="cpu", precision="float32", vocabulary_size=65
    )


def evaluated(step: int, loss: float, split: str = "valid") -> events.Evaluated:
    return events.Evaluated(step=step, split=split, loss=loss, metrics={"perplexity": 2.0})


def sampled(step: int, text: str = "Thou") -> events.Sampled:
    return events.Sampled(step=step, prompt="", temperature=0.8, text=text)


def feed(*stated: events.Event, first: int = 1) -> list[dict[str, Any]]:
    """The events as the JSON objects of a feed, numbered from ``first``, 100 ms apart."""
    return [events.as_dict(event, seq=seq, at=AT + 100 * seq) for seq, event in enumerate(stated, first)]
