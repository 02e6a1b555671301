"""A model's card: what it is, what it was trained on and how, how good it is beside what costs nothing."""

from __future__ import annotations

import json
import re
from typing import Any

from rnncore import catalog
from webapp.models import shape
from webapp.models.models import Model
from webapp.problems import Invalid
from webapp.runs import feed
from webapp.runs.models import Run

MOST = 200_000  # characters of JSON
SAMPLES = 4
COUNTED = ("characters", "lines", "vocabulary_size", "records")
PREDICT = "rnncore predict . --data FILE --out answers.jsonl"
GENERATE = "rnncore generate . --length 300 --temperature 0.8"

Card = dict[str, Any]


def fill(run: Run, step: int) -> Card:
    """The card of the run's checkpoint at ``step``, from what the run stated up to there."""
    statistics = run.version.inspection.get("statistics", {})
    return {
        "description": "",
        "task": run.filled["task"]["kind"],
        "data": {
            "name": run.version.dataset.name, "sha256": run.version.sha256, "bytes": run.version.bytes,
            **{name: statistics[name] for name in COUNTED if name in statistics},
        },
        "training": {
            "run": run.name, "step": step, "steps": run.steps,
            **{name: run.started[name] for name in ("parameters", "device", "precision") if name in run.started},
        },
        "evaluation": _evaluation(run, step),
        "baselines": run.baselines,
        "samples": _samples(run, step),
        "recipe": run.filled,
    }  # fmt: skip


def changed(card: Card, changes: Card) -> Card:
    """The card with other fields, None taking one away. Raises Invalid at what no page could show."""
    merged = {name: value for name, value in {**card, **changes}.items() if value is not None}
    try:
        shape.check(merged)
        text = json.dumps(merged, ensure_ascii=False, allow_nan=False)
        text.encode()
    except UnicodeEncodeError:
        raise Invalid.at("card", "holds half of a character (a surrogate alone)") from None
    except ValueError:
        raise Invalid.at("card", "holds a number that is not finite") from None
    if len(text) > MOST:
        raise Invalid.at("card", f"A card has at most {MOST:,} characters of JSON.")
    return merged


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


def command(kind: str) -> str:
    """What uses a model of this task in a terminal, in the folder of the unpacked download."""
    if catalog.TASKS[kind].predicts:
        return PREDICT
    return GENERATE if kind == "language_model" else GENERATE.replace(" . ", " . --label NAME ")


def markdown(model: Model) -> str:
    """The card as README.md, with the commands that use the model."""
    card = model.card
    parts = [f"# {_plain(model.name)}", _plain(card.get("description") or ""), _measured(model), _data(card)]
    parts += [f"## How to use it\n\n{_fence(command(model.task))}", _samples_as_text(card)]
    return "\n\n".join(part for part in parts if part) + "\n"


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


def _measured(model: Model) -> str:
    """Evaluation and baselines as a table."""
    card = model.card
    evaluation = card.get("evaluation") or {}
    rows = [("this model", evaluation)] if evaluation else []
    rows += ranked(card.get("baselines", {}), model.task)
    if not rows:
        return ""
    metrics = sorted({name for _, body in rows for name in body.get("metrics", {})})
    lines = ["| | loss | " + " | ".join(_plain(name.replace("_", " ")) for name in metrics) + " |"]
    lines += ["|---" * (2 + len(metrics)) + "|"]
    for name, body in rows:
        values = [body.get("loss"), *(body.get("metrics", {}).get(metric) for metric in metrics)]
        lines.append(f"| {_plain(name)} | " + " | ".join("" if v is None else f"{v:.4g}" for v in values) + " |")
    return "## How good it is\n\n" + "\n".join(lines)


def _data(card: Card) -> str:
    data, training = card.get("data") or {}, card.get("training") or {}
    facts = [f"Trained on {_plain(str(data.get('name', 'unknown data')))}"]
    if "characters" in data:
        facts.append(f"{data['characters']:,} characters, {data.get('vocabulary_size', 0):,} of them different")
    if "records" in data:
        facts.append(f"{data['records']:,} records")
    if "step" in training:
        facts.append(f"checkpoint of step {training['step']:,}")
    if "parameters" in training:
        facts.append(f"{training['parameters']:,} parameters")
    return "## What it is\n\n" + "; ".join(facts) + ". The recipe is in `recipe.json`."


def _samples_as_text(card: Card) -> str:
    samples = [text for sample in card.get("samples") or [] if (text := _sample(sample))]
    return "## What it writes\n\n" + "\n\n".join(samples) if samples else ""


def _sample(sample: dict[str, Any]) -> str:
    """A sample of any task; of a forecast, whose arrays nobody reads, nothing."""
    if "source" in sample:
        pairs = (("Given", "source"), ("it answers", "output"), ("and right would be", "reference"))
        return "\n\n".join(f"{words}:\n\n{_fence(sample[name])}" for words, name in pairs)
    if "label" in sample:
        return f"For {_plain(sample['label'])}, temperature {sample['temperature']}:\n\n{_fence(sample['text'])}"
    if "prompt" in sample:
        words = f"Temperature {sample['temperature']}, the prompt first"
        return f"{words}:\n\n{_fence(sample['prompt'] + sample['text'])}"
    return ""


def _plain(text: str) -> str:
    """Text that means nothing to Markdown or HTML."""
    return re.sub(r"([\\`*_{}\[\]<>#|!&~])", r"\\\1", " ".join(text.split()))


def _fence(text: str) -> str:
    """Text as a code block that it cannot end by itself."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}\n{text.rstrip()}\n{ticks}"
