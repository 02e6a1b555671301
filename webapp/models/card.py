"""A model's card: what it is, what it was trained on and how, how good it is beside what costs nothing."""

from __future__ import annotations

import json
from typing import Any

from rnncore import catalog
from webapp.models import shape, words
from webapp.models.models import Version
from webapp.problems import Invalid
from webapp.runs import feed
from webapp.runs.models import Run

FACTS = ("task", "data", "training", "evaluation", "baselines", "samples", "recipe")
"""What a run states; all other fields are what people write."""
MOST = 200_000  # characters of JSON
SAMPLES = 4
OURS = "this model"
COUNTED = ("characters", "lines", "vocabulary_size", "records")
PREDICT = "rnncore predict . --data FILE --out answers.jsonl"
GENERATE = "rnncore generate . --length 300 --temperature 0.8"

Card = dict[str, Any]


def fill(run: Run, step: int) -> Card:
    """The facts on the card of the run's checkpoint at ``step``, from what the run stated up to there."""
    statistics = run.version.inspection.get("statistics", {})
    return {
        "task": run.filled["task"]["kind"],
        "data": {
            "name": run.version.dataset.name, "sha256": run.version.sha256, "bytes": run.version.bytes,
            **{name: statistics[name] for name in COUNTED if name in statistics},
        },
        "training": {
            "run": run.name, "step": step, "steps": run.steps,
            **{name: run.started[name] for name in ("parameters", "device", "precision") if name in run.started},
            **({"began": began(run)} if run.origin else {}),
        },
        "evaluation": _evaluation(run, step),
        "baselines": run.baselines,
        "samples": _samples(run, step),
        "recipe": run.filled,
    }  # fmt: skip


def began(run: Run) -> str:
    """What the run began with, in words, where not with drawn weights."""
    how = "went on with" if run.origin["how"] == "continued" else "started from"
    version = f", version {run.origin['version']}" if run.origin["version"] else ""
    return f"{how} {run.origin['name']}{version}, step {run.origin['step']:,}"


def changed(version: Version, changes: Card) -> tuple[Card, Card, str]:
    """The card with other fields, None taking one away, in its three parts: the version's facts, the model's words,
    its tags. Raises Invalid at what no page could show and at what is too long."""
    card = {name: value for name, value in {**version.card, **changes}.items() if value is not None}
    _check(card)
    tags = ", ".join(words.tags_of(card.pop("tags", [])))
    facts = {name: card.pop(name) for name in FACTS if name in card}
    return facts, card, tags


def _check(card: Card) -> None:
    try:
        shape.check(card)
        words.check(card)
        text = json.dumps(card, ensure_ascii=False, allow_nan=False)
        text.encode()
    except UnicodeEncodeError:
        raise Invalid.at("card", "holds half of a character (a surrogate alone)") from None
    except ValueError:
        raise Invalid.at("card", "holds a number that is not finite") from None
    if len(text) > MOST:
        raise Invalid.at("card", f"A card has at most {MOST:,} characters of JSON; this has {len(text):,}.")


def strongest(baselines: dict[str, Any], kind: str) -> dict[str, Any]:
    """The baseline that is hardest to beat, as {name, loss, metrics}; empty where none was stated."""
    found = ranked(baselines, kind)
    return {"name": found[0][0], **found[0][1]} if found else {}


def ranked(baselines: dict[str, Any], kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Baselines, the hardest to beat first: by loss, and those that have none by the metric that stands for the task.
    One with neither is left out."""
    task = catalog.TASKS[kind]

    def worth(body: dict[str, Any]) -> tuple[bool, float] | None:
        if body["loss"] is not None:
            return False, body["loss"]
        value = body.get("metrics", {}).get(task.metric)
        return None if value is None else (True, -value if task.higher else value)

    known = [(worth(body), name) for name, body in baselines.items() if worth(body) is not None]
    return [(name, baselines[name]) for _, name in sorted(known)]


def measured(card: Card, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """The model itself, where it was measured, then its baselines, the hardest to beat first: (name, figures)."""
    evaluation = card.get("evaluation")
    return ([(OURS, evaluation)] if evaluation else []) + ranked(card.get("baselines", {}), kind)


def beaten_by(card: Card, kind: str) -> str | None:
    """The name of the strongest baseline, where it has a lower loss than the model has."""
    loss = (card.get("evaluation") or {}).get("loss")
    best = strongest(card.get("baselines", {}), kind)
    lower = loss is not None and best.get("loss") is not None and best["loss"] < loss
    return best["name"] if lower else None


def command(kind: str) -> str:
    """What uses a model of this task in a terminal, in the folder of the unpacked download."""
    if catalog.TASKS[kind].predicts:
        return PREDICT
    return GENERATE if kind == "language_model" else GENERATE.replace(" . ", " . --label NAME ")


def _evaluation(run: Run, step: int) -> dict[str, Any]:
    """The last validation up to the checkpoint, with its step: the two need not be the same."""
    valid = [event for event in feed.evaluations(run) if event["split"] == "valid" and event["step"] <= step]
    if not valid:
        return {}
    return {name: valid[-1][name] for name in ("split", "step", "loss", "metrics")}


def _samples(run: Run, step: int) -> list[dict[str, Any]]:
    """What it wrote last, up to the checkpoint."""
    written = [event for event in feed.samples(run) if event["step"] <= step]
    last = [event for event in written if event["step"] == written[-1]["step"]]
    return [{name: event[name] for name in event if name not in ("seq", "at", "kind")} for event in last[:SAMPLES]]
