"""Small drawings that the server can do: a sparkline is a path of at most 64 points."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
WIDTH, HEIGHT = 120, 28


@register.simple_tag
def sparkline(points: list[list[float]], label: str = "Loss") -> SafeString | str:
    """``[[step, value], …]`` as an inline SVG, scaled to its own extremes; nothing below two points."""
    points = [(x, y) for x, y in points if y is not None]
    if len(points) < 2:
        return ""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    width, height = (max(xs) - min(xs)) or 1, (max(ys) - min(ys)) or 1
    path = "L".join(
        f"{(x - min(xs)) / width * WIDTH:.1f} {1 + (max(ys) - y) / height * (HEIGHT - 2):.1f}" for x, y in points
    )
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path d="M{}"/></svg>',
        WIDTH, HEIGHT, f"{label}, from {ys[0]:.2f} to {ys[-1]:.2f}", path,
    )  # fmt: skip
