"""A dataset in words: how much there is of it, and which tasks its page offers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from rnncore import catalog
from rnncore.data.table import FORMATS
from webapp.datasets.models import Dataset, Status, Version
from webapp.datasets.tasks import proposed, servable
from webapp.pages.templatetags.units import bytes_, number

ENDINGS = (".txt", *FORMATS)


def summary(inspection: dict[str, Any]) -> dict[str, Any]:
    """What lists show of a version, without its whole inspection: ``{"amount", "unit", "notes"}``."""
    statistics = inspection.get("statistics", {})
    unit = "records" if inspection.get("columns") else "characters"
    return {"amount": statistics.get(unit, 0), "unit": unit, "notes": len(inspection.get("problems", []))}


def in_words(version: Version) -> str:
    """``8,800 characters, 28 different`` or ``4,952 records, 3 columns``; empty before it was read."""
    statistics, columns = version.inspection.get("statistics", {}), version.inspection.get("columns")
    if columns and "records" in statistics:
        return f"{_count(statistics['records'], 'record')}, {_count(len(columns), 'column')}"
    if "characters" in statistics:
        different = number(statistics["vocabulary_size"])
        return f"{_count(statistics['characters'], 'character')}, {different} different"
    return ""


def changes(versions: list[Version]) -> list[dict[str, Any]]:
    """Versions, newest first (see :func:`webapp.datasets.selectors.versions_of`), each with what is different from the
    one before: ``{"version", "words", "changed"}``."""
    found = []
    for version, before in zip(versions, [*versions[1:], None], strict=True):
        amount, unit = version.summary.get("amount"), version.summary.get("unit", "")
        words = _count(amount, unit[:-1]) if amount is not None else ""
        found.append({"version": version, "words": words, "changed": _changed(version, before)})
    return found


def _changed(version: Version, before: Version | None) -> str:
    if version.status != Status.READY or before is None:
        return ""
    if version.same_as:
        return f"the same bytes as version {version.same_as}"
    if before.status != Status.READY:
        return ""
    parts = []
    if version.format != before.format:
        parts.append(f"{before.format} → {version.format}")
    elif version.summary.get("unit") == before.summary.get("unit"):
        more = version.summary.get("amount", 0) - before.summary.get("amount", 0)
        parts.append(f"{_signed(number(abs(more)), more)} {version.summary.get('unit')}" if more else "")
    more = version.bytes - before.bytes
    parts.append(_signed(bytes_(abs(more)), more) if more else "other bytes, as many")
    return " · ".join(filter(None, parts))


def _signed(words: str, more: float) -> str:
    return f"{'+' if more > 0 else '−'}{words}"


def stem_of(name: str) -> str:
    """A file's name without what only says its format.

    >>> stem_of("names.csv.gz"), stem_of("poems.txt"), stem_of("v1.2")
    ('names', 'poems', 'v1.2')
    """
    stem = name.removesuffix(".gz")
    return next((stem[: -len(ending)] for ending in ENDINGS if stem.lower().endswith(ending)), stem)


def tasks_of(dataset: Dataset, chosen: str | None = None) -> list[dict[str, Any]]:
    """The tasks that the dataset can serve, the one first that its columns propose."""
    offered = proposed(dataset.version)
    about = {"dataset": dataset.id} | ({"version": dataset.pinned} if dataset.pinned else {})
    kinds = sorted(servable(dataset.version), key=lambda kind: kind != offered)
    return [
        {
            "kind": kind, "label": catalog.TASKS[kind].label, "help": catalog.TASKS[kind].help,
            "shape": catalog.TASKS[kind].shape, "proposed": kind == offered, "chosen": kind == chosen,
            "url": f"/runs/new/?{urlencode({**about, 'task': kind})}",
        }
        for kind in kinds
    ]  # fmt: skip


def _count(count: int, what: str) -> str:
    return f"{number(count)} {what}{'' if count == 1 else 's'}"
