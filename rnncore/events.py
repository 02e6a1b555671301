"""The facts that a run states: the one place where their shape is declared.

A run's feed is append-only. Every event has ``seq`` (1, 2, 3 … without a gap, within one run), ``at`` (UTC, to the
millisecond), ``kind`` and ``step``; what else it has, its class says. The trainer yields events, the command line
writes them as JSON lines, the studio stores them and streams them to the page: all of them through this module.

A ``rewound`` event says that the run went on from an earlier step. Whoever reads a feed then drops the facts of later
steps that were stated before it: :func:`without_rewound` does.

>>> line = encode(Progress(step=3, loss=1.5, epoch=0.1, learning_rate=1e-3, grad_norm=float("inf"),
...                        tokens_per_second=9.0, seconds=2.0, remaining_seconds=None), seq=7, at=0)
>>> decode(line)["grad_norm"] is None
True
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar


@dataclass(frozen=True, kw_only=True)
class Event:
    """One fact. ``step`` counts optimizer steps that were finished when it was stated."""

    kind: ClassVar[str]
    step: int


@dataclass(frozen=True, kw_only=True)
class Started(Event):
    """The first fact of an attempt: what will be trained, on what. ``unknown``: of a run that started from the weights
    of another, the share of the training data's tokens that those do not know."""

    kind = "started"
    parameters: int
    steps: int | None
    tokens: int
    device: str
    precision: str
    vocabulary_size: int | None
    unknown: float | None = None


@dataclass(frozen=True, kw_only=True)
class Baseline(Event):
    """What a method that costs nothing reaches on the validation part. Stated when it is ready."""

    kind = "baseline"
    name: str
    loss: float
    metrics: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Progress(Event):
    """Where training stands. ``loss`` and ``grad_norm`` are means since the last one; seconds count training alone."""

    kind = "progress"
    epoch: float
    loss: float
    learning_rate: float
    grad_norm: float
    tokens_per_second: float
    seconds: float
    remaining_seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Evaluated(Event):
    """Loss and metrics over every token of a split (``valid`` or ``test``)."""

    kind = "evaluated"
    split: str
    loss: float
    metrics: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Sampled(Event):
    """A text the network wrote; ``text`` is without the prompt."""

    kind = "sampled"
    prompt: str
    temperature: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Example(Event):
    """A record of the validation part, what the network makes of it, and what would be right."""

    kind = "sampled"
    source: str
    output: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class Written(Event):
    """A sequence that the network wrote for a condition."""

    kind = "sampled"
    label: str
    temperature: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Forecasted(Event):
    """A window of the validation part: the values read, those that followed, and the quantiles that were forecast for
    them (``{"0.5": [...]}``), of the series ``name``. ``times``: of both, as ISO dates; empty where there are none."""

    kind = "sampled"
    name: str
    times: list[str]
    history: list[float]
    truth: list[float]
    quantiles: dict[str, list[float]]


@dataclass(frozen=True, kw_only=True)
class Checkpointed(Event):
    """A checkpoint is on disk, whole. ``path`` is relative to the run's folder."""

    kind = "checkpointed"
    path: str
    sha256: str
    best: bool


@dataclass(frozen=True, kw_only=True)
class Diagnosed(Event):
    """How far back the gradient reaches and how often it was clipped."""

    kind = "diagnosed"
    gradient_by_lag: list[tuple[int, float]]
    effective_lag: float | None
    clip_rate: float
    saturation: float | None


@dataclass(frozen=True, kw_only=True)
class Rewound(Event):
    """The run goes on from ``step``; what was stated of later steps no longer holds."""

    kind = "rewound"


@dataclass(frozen=True, kw_only=True)
class Stopped(Event):
    """Somebody asked the run to stop; its last checkpoint is whole."""

    kind = "stopped"
    seconds: float
    best: dict[str, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """The run reached its end (or stopped improving)."""

    kind = "finished"
    seconds: float
    best: dict[str, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Failed(Event):
    """The run cannot go on. ``hint`` says what to change."""

    kind = "failed"
    error: str
    hint: str = field(default="")


EVENTS: tuple[type[Event], ...] = (
    Started, Baseline, Progress, Evaluated, Sampled, Example, Written, Forecasted, Checkpointed, Diagnosed, Rewound,
    Stopped, Finished, Failed,
)  # fmt: skip

FINAL = frozenset({"stopped", "finished", "failed"})


def now_ms() -> int:
    """Milliseconds since 1970-01-01 UTC."""
    return int(datetime.now(UTC).timestamp() * 1000)


def iso(ms: int) -> str:
    """``2026-01-31T12:00:00.000Z`` from milliseconds since 1970."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03d}Z"


def ms_of(text: str) -> int:
    """The inverse of :func:`iso`."""
    seconds = datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC).timestamp()
    return int(seconds) * 1000 + int(text[20:23])


def finite(value: Any) -> Any:
    """What JSON can hold: numbers that are not finite become None, however deep they lie."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def as_dict(event: Event, *, seq: int, at: int) -> dict[str, Any]:
    """The event as the JSON object of the feed; ``at`` in milliseconds since 1970. Numbers not finite become None."""
    body = {item.name: finite(getattr(event, item.name)) for item in dataclasses.fields(event) if item.name != "step"}
    return {"seq": seq, "at": iso(at), "kind": event.kind, "step": event.step, **body}


def encode(event: Event, *, seq: int, at: int) -> str:
    """One line of ``events.jsonl``, without its line end."""
    return dumps(as_dict(event, seq=seq, at=at))


def dumps(body: dict[str, Any]) -> str:
    """The feed's JSON: compact, one line, text as it is."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def decode(line: str | bytes) -> dict[str, Any]:
    """A line of ``events.jsonl`` as a dict.

    Raises ValueError when it is not an event: not JSON, or without seq, at, kind and step.
    """
    body = json.loads(line)
    if not isinstance(body, dict) or not {"seq", "at", "kind", "step"} <= body.keys():
        raise ValueError("not an event: seq, at, kind and step are wanted")
    return body


def without_rewound(events: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The facts that still hold, in order: what a later ``rewound`` took back is left out."""
    kept = list(events)
    limit: list[int | None] = [None] * len(kept)
    lowest: int | None = None
    for index in range(len(kept) - 1, -1, -1):
        limit[index] = lowest
        if kept[index]["kind"] == "rewound":
            lowest = kept[index]["step"] if lowest is None else min(lowest, kept[index]["step"])
    for event, top in zip(kept, limit, strict=True):
        if top is None or event["step"] <= top or event["kind"] in ("rewound", "started", "baseline"):
            yield event
