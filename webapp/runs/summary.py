"""A run in words: what it trains on, what it trains, how; and the command that does the same in a terminal."""

from __future__ import annotations

import re
import shlex
import unicodedata
from typing import Any

from rnncore import catalog
from rnncore.recipe import fields
from webapp.datasets.tasks import TEXT
from webapp.datasets.words import in_words
from webapp.pages.templatetags.units import compact, number
from webapp.runs.models import Run

UNITS = {"char": "character", "byte": "byte", "word": "word", "bpe": "token"}


def unit(run: Run) -> str:
    """What a time step of the run is called, in the singular."""
    return unit_of((run.filled or run.recipe)["task"])


def unit_of(task: dict[str, Any]) -> str:
    """The same of a recipe's task: a token where it reads text."""
    tokens = task.get("tokens") or ("char" if task["kind"] == TEXT else None)
    return UNITS[tokens] if tokens else "word" if task["kind"] == "tagging" else "step"


def loss_unit(run: Run) -> str:
    """What the run's loss counts: ``nats per character``."""
    return run.task.loss.replace("per token", f"per {unit(run)}")


def optimum(run: Run) -> dict[str, Any] | None:
    """The best that any model can reach, ``{"loss", "metrics", "words"}``, where the data was made for this task."""
    made = run.version.synthetic
    return made["optimum"] if made and made["task"] == run.kind else None


def slug(name: str, fallback: str = "run") -> str:
    """The name as a file may be called in any shell: ``Shakespeare, 2×320 LSTM`` → ``shakespeare-2x320-lstm``."""
    plain = unicodedata.normalize("NFKD", name.replace("×", "x")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or fallback


def command(run: Run) -> str:
    """What trains the same run in a terminal, beside the downloaded recipe and the file."""
    name = slug(run.name)
    parts = ["rnncore", "train", f"{name}.toml", "--data", run.version.filename]
    for option, version in (("--valid", run.valid_version), ("--test", run.test_version)):
        if version:
            parts += [option, version.filename]
    if run.origin.get("how") == "weights":  # in the folder of the unpacked download
        parts += ["--weights", slug(run.origin["name"], "model")]
    return shlex.join([*parts, "--out", f"runs/{name}"])


def summary(run: Run) -> list[tuple[str, str]]:
    """Rows of (what, in words): data, network, training."""
    recipe = run.filled or run.recipe
    rows = [
        ("Data", " · ".join(filter(None, [run.version.filename, in_words(run.version)]))),
        ("Network", _network(recipe.get("network", {}), run.started.get("parameters"))),
        ("Training", _training(recipe, unit(run))),
    ]
    return rows if run.kind == TEXT else [("Task", _task(run.task, recipe["task"])), *rows]


def _task(choice: catalog.TaskChoice, task: dict[str, Any]) -> str:
    columns = [
        f"{spec.label.lower()}: {', '.join(value) if isinstance(value, list) else value}"
        for spec in fields() if spec.topic == "columns" and (value := task.get(spec.name))
    ]  # fmt: skip
    return " · ".join([choice.label, *columns])


def _network(network: dict[str, Any], parameters: int | None) -> str:
    layers = network.get("num_layers", 1)
    parts = [
        f"{catalog.CELLS[network.get('cell', 'lstm')].label}, {layers} {'layer' if layers == 1 else 'layers'}"
        f" of {number(network.get('hidden_size'))}"
    ]
    if dropout := network.get("dropout"):
        parts[0] += f", dropout {dropout:g}"
    if network.get("bidirectional"):
        parts.append("both directions")
    if network.get("tied"):
        parts.append("tied embeddings")
    if parameters:
        parts.append(f"{compact(parameters)} parameters")
    return " · ".join(parts)


def _plain(value: float) -> str:
    """1000000 → 1,000,000; 0.0038 → 0.0038."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:g}"


def _training(recipe: dict[str, Any], unit: str) -> str:
    training = recipe.get("training", {})
    optimizer = catalog.OPTIMIZERS[training.get("optimizer", "adamw")].label
    batch, length = number(training.get("batch_size")), number(training.get("sequence_length"))
    kind = recipe["task"]["kind"]
    parts = [
        f"{batch} streams × {length} {unit}s"
        if kind == TEXT
        else f"{batch} windows"
        if kind == "forecasting"
        else f"{batch} records, {length} {unit}s at most",
        f"{optimizer} {_plain(training.get('learning_rate', 0))}, {training.get('schedule', '')}",
    ]
    if clip := training.get("clip_norm"):
        parts.append(f"clip {clip:g}")
    ends = [
        f"{_plain(training[name])} {what}"
        for name, what in (("max_steps", "steps"), ("max_epochs", "epochs"), ("max_minutes", "minutes"))
        if training.get(name)
    ]
    return " · ".join([*parts, *ends, f"seed {training.get('seed', 1)}"])
