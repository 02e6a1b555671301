"""What the pages of a model show of a version: its card, its figures, where it is asked and with what."""

from __future__ import annotations

from typing import Any

from webapp.models import playground
from webapp.models.card import FACTS, OURS, Card, beaten_by, command, measured
from webapp.models.models import Version
from webapp.models.words import LICENCES, MOST
from webapp.runs.figures import Figure, figures
from webapp.runs.summary import unit_of

GENERIC = "models/_predict_generic.html"


def facts(version: Version, api: str, *, asking: str = "") -> dict[str, Any]:
    """What the model's page and the shared page both show.

    ``api``: the address below which the model is asked; ``asking``: the query that goes with it.
    """
    model, card = version.model, version.card
    kind, predicts = model.task, model.choice.predicts
    unit = unit_of(card.get("recipe", {}).get("task") or {"kind": kind})
    asked = {"kind": kind, "labels": playground.labels(version), "input": playground.inputs(version), "unit": unit}
    return {
        "model": model, "version": version, "card": card, "kind": kind, "task": model.choice, "unit": unit,
        "predicts": predicts,
        "predict": f"{api}/predict{asking}" if predicts else None,
        "generate": None if predicts else f"{api}/generate{asking}",
        "asked": asked, "labels": asked["labels"], "inputs": asked["input"],
        "play": [f"models/_predict_{kind}.html", GENERIC], "command": command(kind),
        "figures": figures(version.metrics), "beaten": beaten_by(card, kind),
        "baselines": [{"name": name, "ours": name == OURS, **body} for name, body in measured(card, kind)],
        "licence": LICENCES.get(card.get("licence")), "more": _more(card),
    }  # fmt: skip


def compared(versions: list[Version]) -> dict[str, Any]:
    """Versions beside one another: the figures that they have, and a row of them for each version."""
    columns: dict[str, Figure] = {}
    rows = []
    for version in versions:
        own = {figure.name: figure for figure in figures(version.metrics)}
        rows.append((version, own))
        for name, figure in own.items():
            columns.setdefault(name, figure)
    names = list(columns)[:3]
    return {
        "labels": [columns[name].label for name in names],
        "rows": [{"version": version, "figures": [own.get(name) for name in names]} for version, own in rows],
        "one_dataset": len({version.dataset_id for version in versions}) == 1,
    }


def _more(card: Card) -> list[tuple[str, str]]:
    """Fields of the card that this page does not know, where they are plain: (name, text)."""
    known = {*FACTS, *MOST, "tags"}
    rest = [(name, value) for name, value in card.items() if name not in known]
    return [(name, str(value)) for name, value in rest if isinstance(value, str | int | float)]
