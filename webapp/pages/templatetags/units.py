"""Numbers with their units, as ts/units.ts writes them in the browser. Spaces within a number do not break."""

from __future__ import annotations

from django import template

register = template.Library()
SPACE = "\u00a0"


def _three_digits(value: float) -> str:
    return f"{value:.{0 if value >= 99.95 else 1 if value >= 9.995 else 2}f}"


@register.filter
def number(value: float | None) -> str:
    """1115394 → 1,115,394; nothing → an empty text."""
    return "" if value in (None, "") else f"{value:,.0f}"


@register.filter
def decimals(value: float | None, places: int = 3) -> str:
    """1.5493 → 1.549; from ten million on a power of ten, as of a loss that has run away; nothing → a dash."""
    if value in (None, ""):
        return "–"
    return f"{value:.2e}".replace("e+", "e") if abs(value) >= 1e7 else f"{value:,.{places}f}"


@register.filter
def compact(value: float | None) -> str:
    """1340000 → 1.34 M; below ten thousand in full; nothing → an empty text."""
    if value in (None, "") or value < 10_000:
        return number(value)
    size, unit = next((size, unit) for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")) if value >= size)
    return f"{_three_digits(value / size)}{SPACE}{unit}"


@register.filter(name="bytes")
def bytes_(value: float) -> str:
    """410000000 → 410 MB."""
    if value < 1000:
        return f"{value:.0f}{SPACE}{'byte' if value == 1 else 'bytes'}"
    sizes = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
    size, unit = next((size, unit) for size, unit in sizes if value >= size)
    return f"{_three_digits(value / size)}{SPACE}{unit}"


@register.filter
def duration(seconds: float | None) -> str:
    """200 → 3 min 20 s; 5400 → 1 h 30 min; from ten minutes on without seconds."""
    if seconds is None:
        return ""
    s = max(0, round(seconds))
    if s < 60:
        return f"{s}{SPACE}s"
    if s < 3600:
        major, minor = (s // 60, "min"), (s % 60 if s < 600 else 0, "s")
    elif s < 86_400:
        major, minor = (s // 3600, "h"), (s % 3600 // 60, "min")
    else:
        major, minor = (s // 86_400, "d"), (s % 86_400 // 3600, "h")
    return " ".join(f"{count}{SPACE}{unit}" for count, unit in (major, minor) if count)


@register.filter
def about(seconds: float | None) -> str:
    """172 → about 3 min: an estimate in steps of 5 s, from a minute on of 30 s, from ten minutes on of a minute."""
    if seconds is None:
        return ""
    grain = 5 if seconds < 60 else 30 if seconds < 600 else 60
    return f"about{SPACE}{duration(max(grain, round(seconds / grain) * grain))}"


@register.filter
def share(fraction: float | None) -> str:
    """0.0412 → 4 %; below one percent with as many digits as it takes; nothing → an empty text."""
    if fraction in (None, ""):
        return ""
    percent = fraction * 100
    if percent == 0 or percent >= 0.95:
        return f"{percent:.0f}{SPACE}%"
    return f"{percent:.2f}{SPACE}%" if percent >= 0.01 else f"below 0.01{SPACE}%"
