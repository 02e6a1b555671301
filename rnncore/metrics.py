"""Figures of classes, spans and numbers, each by its textbook definition. Torch-free."""

from __future__ import annotations

from typing import Any

import numpy as np


def per_class(targets: np.ndarray, guesses: np.ndarray, labels: list[str]) -> list[dict[str, Any]]:
    """``[{"label", "precision", "recall", "f1", "support"}]`` of every class that occurs; 0 where nothing was right."""
    rows = []
    for number in np.union1d(targets, guesses):
        right = int(((targets == number) & (guesses == number)).sum())
        guessed, support = int((guesses == number).sum()), int((targets == number).sum())
        rows.append({
            "label": labels[number], "precision": right / guessed if guessed else 0.0,
            "recall": right / support if support else 0.0, "f1": 2 * right / (guessed + support), "support": support,
        })  # fmt: skip
    return rows


def macro_f1(targets: np.ndarray, guesses: np.ndarray) -> float:
    """The mean F1 of the classes that occur, in truth or as a guess."""
    f1 = []
    for number in np.union1d(targets, guesses):
        right = ((targets == number) & (guesses == number)).sum()
        f1.append(2 * right / ((targets == number).sum() + (guesses == number).sum()))
    return float(np.mean(f1))


def confusion(targets: np.ndarray, guesses: np.ndarray, labels: list[str], most: int) -> dict[str, Any]:
    """``{"labels": […], "counts": [[…]]}``: rows are the truth, columns the guesses. Beyond the ``most`` most frequent
    classes, the others are one, named ``other``."""
    counts = np.bincount(targets, minlength=len(labels))
    kept = np.argsort(-counts, kind="stable")[:most]
    place = np.full(len(labels), len(kept))
    place[kept] = np.arange(len(kept))
    size = len(kept) + (len(labels) > len(kept))
    table = np.zeros((size, size), int)
    np.add.at(table, (place[targets], place[guesses]), 1)
    names = [labels[number] for number in kept] + (["other"] if size > len(kept) else [])
    return {"labels": names, "counts": table.tolist()}


def errors(targets: np.ndarray, answers: np.ndarray) -> dict[str, float]:
    """Mean absolute, root mean squared and mean squared error, and the share of the variance that is explained (R²;
    0 where the truth does not vary)."""
    off = answers - targets
    mse, variance = float((off**2).mean()), float(targets.var())
    return {
        "mae": float(np.abs(off).mean()), "rmse": mse**0.5, "mse": mse, "r2": 1 - mse / variance if variance else 0.0,
    }  # fmt: skip


Span = tuple[str, int, int]
"""A kind, its first token, and the one after its last."""


def spans(tags: list[str]) -> set[Span]:
    """What BIO or BIOES tags mark. As the CoNLL evaluation does, a span begins at B and S, and also at an I or E that
    continues nothing of its kind; it ends after E and S, and before anything that does not continue it."""
    found: set[Span] = set()
    kind, start = "", 0
    for place, tag in enumerate([*tags, "O"]):
        mark, _, name = tag.partition("-")
        goes_on = kind and name == kind and mark in ("I", "E")
        if kind and not goes_on:
            found.add((kind, start, place))
            kind = ""
        if mark in ("B", "S", "I", "E") and not goes_on and name:
            kind, start = name, place
        if mark in ("E", "S") and kind:
            found.add((kind, start, place + 1))
            kind = ""
    return found


def marks_spans(tags: set[str]) -> bool:
    """Whether a set of tags is BIO or BIOES: every tag is O or has a mark and a name."""
    return bool(tags - {"O"}) and all(tag == "O" or (tag[:2] in ("B-", "I-", "E-", "S-") and tag[2:]) for tag in tags)


def span_scores(truth: list[list[str]], guesses: list[list[str]]) -> dict[str, float]:
    """Precision, recall and F1 of whole spans (kind and both ends right), over all sentences together."""
    right = guessed = there = 0
    for one, other in zip(truth, guesses, strict=True):
        wanted, found = spans(one), spans(other)
        right, guessed, there = right + len(wanted & found), guessed + len(found), there + len(wanted)
    return {
        "span_precision": right / guessed if guessed else 0.0, "span_recall": right / there if there else 0.0,
        "span_f1": 2 * right / (guessed + there) if guessed + there else 0.0,
    }  # fmt: skip
