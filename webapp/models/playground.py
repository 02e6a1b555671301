"""What a model's page lets a person choose from and type in: by its task, its columns and what it told apart."""

from __future__ import annotations

from typing import Any

from webapp.models.models import Version
from webapp.models.selectors import network_of

MOST_LABELS = 500


def labels(version: Version) -> list[str]:
    """The classes that it tells apart, the tags that it gives, or what a text can be written for; maybe none."""
    network = network_of(version)
    for condition in network.get("conditions", []):
        if found := condition.get("labels"):
            return found[:MOST_LABELS]
    return (network.get("labels") or network.get("tags") or [])[:MOST_LABELS]


def inputs(version: Version) -> dict[str, Any]:
    """``{"kind", "columns", "example"}``: what an input is: a ``text``, a list of ``tokens``, of ``numbers``, a
    ``record`` of several columns of numbers, or a ``series``; the columns that it may name; one that can be sent."""
    card = version.card
    task = card.get("recipe", {}).get("task", {})
    read = task.get("text_column") or task.get("source_column")
    columns = [read] if read else list(task.get("value_columns") or ())
    sample = next(iter(card.get("samples") or ()), {})
    match version.model.task:
        case "forecasting":
            more = [task["time_column"]] if task.get("time_column") else []
            columns += [*(task.get("known_columns") or ()), *more]
            kind, example = "series", sample.get("history")
        case "tagging":
            kind, example = "tokens", (sample.get("source") or "").split() or None
        case _ if read:
            kind, example = "text", sample.get("source")
        case _:
            kind, example = "numbers" if len(columns) == 1 else "record", _numbers(sample.get("source"), columns)
    return {"kind": kind, "columns": columns, "example": example}


def _numbers(source: str | None, columns: list[str]) -> list[float] | dict[str, list[float]] | None:
    """The numbers of a sample, whose columns are parted by semicolons; None where it was too long to be kept whole."""
    try:
        found = [[float(word) for word in part.split()] for part in (source or "").split(";")]
    except ValueError:
        return None
    if len(found) != len(columns) or not all(found):
        return None
    return found[0] if len(columns) == 1 else dict(zip(columns, found, strict=True))
