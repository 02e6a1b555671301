"""Metrics in templates, written as webapp/runs/figures.py writes them."""

from __future__ import annotations

from typing import Any

from django import template

from webapp.runs.figures import METRICS, figure

register = template.Library()


@register.simple_tag
def metric(metrics: dict[str, Any] | None, name: str) -> str:
    """A metric by name, in words; a dash where it is not known."""
    found = figure(name, (metrics or {}).get(name))
    return found.text if found else "–"


@register.simple_tag
def metric_label(name: str) -> str:
    """What a metric is called."""
    return METRICS[name].label if name in METRICS else name.replace("_", " ").capitalize()
