"""Small drawings that the server can do: a sparkline is a path of at most 64 points."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
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


@register.simple_tag
def part(value: float, whole: float) -> str:
    """``value`` in hundredths of ``whole``, for a bar 100 wide."""
    return f"{100 * value / whole if whole else 0:.1f}"


@register.filter
def entries(body: dict[str, Any]) -> list[tuple[str, Any]]:
    """The entries of a dict, also of one that has a key named ``items``."""
    return list(body.items())


@register.simple_tag
def histogram(counts: list[list[float]], name: str, what: str) -> SafeString:
    """``[[up to, count], …]`` as upright bars, each with its numbers on hover."""
    most = max((count for _, count in counts), default=0) or 1
    bars = format_html_join(
        "", '<rect x="{}" y="{}" width="9" height="{}" rx="1"><title>up to {} {}: {}</title></rect>',
        (
            (10 * place, f"{32 - height:.1f}", f"{height:.1f}", f"{upto:,.0f}", what, f"{count:,}")
            for place, (upto, count) in enumerate(counts)
            for height in (32 * count / most,)
        ),
    )  # fmt: skip
    return format_html(
        '<svg class="histogram" viewBox="0 0 {} 32" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        10 * len(counts), f"How long {name} is, in {what}: {len(counts)} groups", bars,
    )  # fmt: skip


@register.simple_tag
def forecast(sample: dict[str, Any]) -> SafeString:
    """A forecast as three lines: what was read, the middle of what was forecast, and what followed."""
    quantiles = sample["quantiles"]
    middle = quantiles[min(quantiles, key=lambda level: abs(float(level) - 0.5))]
    read = sample["history"][-max(2 * len(middle), 24) :]
    last, wide = read[-1:], max(1, len(read) + len(middle) - 1)
    values = [value for value in (*read, *middle, *sample["truth"]) if value is not None]
    low, high = min(values, default=0), max(values, default=0)

    def line(points: list[float | None], start: int) -> str:
        known = [(start + place, value) for place, value in enumerate(points) if value is not None]
        drawn = [f"{x * WIDTH / wide:.1f} {1 + (high - y) / ((high - low) or 1) * 46:.1f}" for x, y in known]
        return f"M{'L'.join(drawn)}" if drawn else ""

    start = len(read) - len(last)
    words = f"what was read, what was forecast for {len(middle)} steps, what followed"
    return format_html(
        '<svg class="forecast-line" viewBox="0 0 {} 48" preserveAspectRatio="none" role="img" aria-label="{}: {}">'
        '<path d="{}"/><path class="truth" d="{}"/><path class="guess" d="{}"/></svg>',
        WIDTH, sample["name"] or "The series", words,
        line(read, 0), line([*last, *sample["truth"]], start), line([*last, *middle], start),
    )  # fmt: skip
