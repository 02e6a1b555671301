"""Metrics as people read them: what each is called, how it is written, and which of them stands for a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rnncore import catalog

SHARE, NUMBER = "share", "number"


@dataclass(frozen=True)
class Metric:
    """``format``: a ``share`` of one, shown as per cent, or a ``number``. ``higher`` is better; None: neither is."""

    label: str
    format: str = NUMBER
    higher: bool | None = False


METRICS = {
    "accuracy": Metric("Accuracy", SHARE, True),
    "macro_f1": Metric("Macro F1", SHARE, True),
    "unseen_accuracy": Metric("Accuracy on unseen words", SHARE, True),
    "span_f1": Metric("Span F1", SHARE, True),
    "span_precision": Metric("Span precision", SHARE, True),
    "span_recall": Metric("Span recall", SHARE, True),
    "mae": Metric("Mean absolute error"),
    "rmse": Metric("Root mean squared error"),
    "mse": Metric("Mean squared error"),
    "r2": Metric("R²", NUMBER, True),
    "mase": Metric("Scaled error (MASE)"),
    "coverage": Metric("Coverage", SHARE, None),
    "crps": Metric("CRPS"),
    "token_accuracy": Metric("Token accuracy", SHARE, True),
    "exact_match": Metric("Exact match", SHARE, True),
    "edit_distance": Metric("Edit distance"),
    "word_error_rate": Metric("Word error rate", SHARE),
    "bleu": Metric("BLEU", SHARE, True),
    "chrf": Metric("chrF", SHARE, True),
    "bits_per_character": Metric("Bits per character"),
    "perplexity": Metric("Perplexity"),
    "loss_without_condition": Metric("Loss without condition"),
}


@dataclass(frozen=True)
class Figure:
    """A metric's value, ``text`` as people read it."""

    name: str
    label: str
    value: float
    text: str
    format: str
    higher: bool | None


def figure(name: str, value: float | None) -> Figure | None:
    """None where there is no value."""
    if value is None:
        return None
    metric = METRICS.get(name) or Metric(name.replace("_", " ").capitalize())
    return Figure(name, metric.label, value, write(metric, value), metric.format, metric.higher)


def figures(metrics: dict[str, Any]) -> list[Figure]:
    """All of a model's metrics; its loss is none of them."""
    return [found for name, value in metrics.items() if name != "loss" and (found := figure(name, value))]


def headline(kind: str, metrics: dict[str, Any] | None) -> Figure | None:
    """The figure that stands for a task."""
    name = catalog.TASKS[kind].metric if kind in catalog.TASKS else ""
    return figure(name, (metrics or {}).get(name))


def write(metric: Metric, value: float) -> str:
    """
    >>> write(METRICS["accuracy"], 0.9123), write(METRICS["mase"], 0.81234), write(METRICS["mae"], 12345.6)
    ('91.2\\xa0%', '0.812', '12,346')
    """
    if metric.format == SHARE:
        return f"{100 * value:.1f}\u00a0%"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}" if abs(value) < 100 else f"{value:.1f}"


def as_json() -> dict[str, dict[str, Any]]:
    """For scripts: every metric by name."""
    return {name: vars(metric) for name, metric in METRICS.items()}
