"""A card as README.md, beside a downloaded model."""

from __future__ import annotations

import re
from typing import Any

from webapp.models.card import Card, command, measured
from webapp.models.models import Version
from webapp.models.words import LICENCES


def markdown(version: Version) -> str:
    """The card as README.md, with the commands that use the model."""
    model, card = version.model, version.card
    parts = [f"# {_plain(model.name)}", _plain(card.get("description") or ""), *_written(card)]
    parts += [_measured(version), _data(version)]
    parts += [f"## How to use it\n\n{_fence(command(model.task))}", _samples_as_text(card)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _written(card: Card) -> list[str]:
    licence = card.get("licence") or ""
    named = f"{LICENCES[licence]} ({licence})" if licence in LICENCES else licence
    fields = (
        ("Licence", _plain(named)), ("What it is meant for", _lines(card.get("intended_use"))),
        ("Note", _lines(card.get("note"))), ("Tags", _plain(", ".join(card.get("tags") or ()))),
    )  # fmt: skip
    return [f"## {title}\n\n{text}" for title, text in fields if text]


def _measured(version: Version) -> str:
    """Evaluation and baselines as a table."""
    card = version.card
    if not (rows := measured(card, version.model.task)):
        return ""
    metrics = sorted({name for _, body in rows for name in body.get("metrics", {})})
    lines = ["| | loss | " + " | ".join(_plain(name.replace("_", " ")) for name in metrics) + " |"]
    lines += ["|---" * (2 + len(metrics)) + "|"]
    for name, body in rows:
        values = [body.get("loss"), *(body.get("metrics", {}).get(metric) for metric in metrics)]
        lines.append(f"| {_plain(name)} | " + " | ".join("" if v is None else f"{v:.4g}" for v in values) + " |")
    return "## How good it is\n\n" + "\n".join(lines)


def _data(version: Version) -> str:
    card = version.card
    data, training = card.get("data") or {}, card.get("training") or {}
    facts = [f"Version {version.number}", f"trained on {_plain(str(data.get('name', 'unknown data')))}"]
    if "characters" in data:
        facts.append(f"{data['characters']:,} characters, {data.get('vocabulary_size', 0):,} of them different")
    if "records" in data:
        facts.append(f"{data['records']:,} records")
    if "step" in training:
        facts.append(f"checkpoint of step {training['step']:,}")
    if "began" in training:
        facts.append(_plain(str(training["began"])))
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


def _lines(text: str | None) -> str:
    """A person's Markdown with its paragraphs, lists and emphasis, without its HTML, headings, links and pictures."""
    return re.sub(r"([\\\[\]<>#|!&~])", r"\\\1", (text or "").strip())


def _fence(text: str) -> str:
    """Text as a code block that it cannot end by itself."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}\n{text.rstrip()}\n{ticks}"
