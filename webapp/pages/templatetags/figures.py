"""Metrics in templates, written as webapp/runs/figures.py writes them."""

from __future__ import annotations

import re
from typing import Any

from django import template

from rnncore import catalog
from webapp.runs.figures import METRICS, figure

register = template.Library()
# As ts/run/words.ts names them: a name that reads well after "the".
BASELINES = {"uniform": "guessing", "copy the source": "copy of the source", "direct linear": "linear forecast"}


@register.simple_tag
def metric(metrics: dict[str, Any] | None, name: str) -> str:
    """A metric by name, in words; a dash where it is not known."""
    found = figure(name, (metrics or {}).get(name))
    return found.text if found else "–"


@register.simple_tag
def metric_label(name: str) -> str:
    """What a metric is called."""
    return METRICS[name].label if name in METRICS else name.replace("_", " ").capitalize()


@register.filter
def baseline(name: str, unit: str) -> str:
    """What a baseline is called: its own name, unless that says little."""
    return f"{unit} counts" if name == "unigram" else BASELINES.get(name, name.replace("_", " "))


@register.filter
def cell(name: str) -> str:
    """``mingru`` → minGRU; one that this version does not know as it is written."""
    return catalog.CELLS[name].label if name in catalog.CELLS else name


@register.filter
def spaced(output: object) -> str:
    """``8 (12%)`` → 8 (12 %), with a space that does not break."""
    return re.sub(r"( \(\d+)%\)$", "\\1\u00a0%)", str(output))
