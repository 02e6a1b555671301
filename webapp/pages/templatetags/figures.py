"""Metrics in templates, written as webapp/runs/figures.py writes them."""

from __future__ import annotations

from typing import Any

from django import template

from webapp.runs.figures import figure

register = template.Library()


@register.simple_tag
def metric(metrics: dict[str, Any] | None, name: str) -> str:
    """A metric by name, in words; a dash where it is not known."""
    found = figure(name, (metrics or {}).get(name))
    return found.text if found else "–"
