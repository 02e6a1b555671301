"""A run in words: what it trains on, what it trains, how; and the command that does the same in a terminal."""

from __future__ import annotations

import re
import shlex
import unicodedata
from typing import Any

from rnncore import catalog
from webapp.pages.templatetags.units import compact, number
from webapp.runs.models import Run

UNITS = {"char": "character", "byte": "byte", "word": "word", "bpe": "token"}


def unit(run: Run) -> str:
    """What a token of the run is called, in the singular."""
    return UNITS[(run.filled or run.recipe)["task"].get("tokens", "char")]


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
    return shlex.join([*parts, "--out", f"runs/{name}"])


def summary(run: Run) -> list[tuple[str, str]]:
    """Rows of (what, in words): data, network, training."""
    recipe = run.filled or run.recipe
    return [
        ("Data", _data(run)),
        ("Network", _network(recipe.get("network", {}), run.started.get("parameters"))),
        ("Training", _training(recipe.get("training", {}), unit(run))),
    ]


def _data(run: Run) -> str:
    statistics = run.version.inspection.get("statistics", {})
    parts = [run.version.filename]
    if statistics:
        parts += [f"{number(statistics['characters'])} characters", f"{number(statistics['vocabulary_size'])} distinct"]
    return " · ".join(parts)


def _network(network: dict[str, Any], parameters: int | None) -> str:
    layers = network.get("num_layers", 1)
    parts = [
        f"{catalog.CELLS[network.get('cell', 'lstm')].label}, {layers} {'layer' if layers == 1 else 'layers'}"
        f" of {number(network.get('hidden_size'))}"
    ]
    if dropout := network.get("dropout"):
        parts[0] += f", dropout {dropout:g}"
    if network.get("tied"):
        parts.append("tied embeddings")
    if parameters:
        parts.append(f"{compact(parameters)} parameters")
    return " · ".join(parts)


def _training(training: dict[str, Any], unit: str) -> str:
    optimizer = catalog.OPTIMIZERS[training.get("optimizer", "adamw")].label
    parts = [
        f"{number(training.get('batch_size'))} streams × {number(training.get('sequence_length'))} {unit}s",
        f"{optimizer} {training.get('learning_rate', 0):g}, {training.get('schedule', '')}",
    ]
    if clip := training.get("clip_norm"):
        parts.append(f"clip {clip:g}")
    ends = [
        f"{training[name]:g} {what}"
        for name, what in (("max_steps", "steps"), ("max_epochs", "epochs"), ("max_minutes", "minutes"))
        if training.get(name)
    ]
    return " · ".join([*parts, *ends, f"seed {training.get('seed', 1)}"])
