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
