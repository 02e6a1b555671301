"""Figures, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from rnncore import metrics

TARGETS, GUESSES = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 0, 0])


def test_classes_by_hand():
    rows = {row["label"]: row for row in metrics.per_class(TARGETS, GUESSES, ["a", "b", "c"])}
    assert (rows["a"]["precision"], rows["a"]["recall"], rows["a"]["support"]) == (2 / 4, 2 / 3, 3)
    assert (rows["b"]["precision"], rows["b"]["recall"]) == (1 / 2, 1 / 2)
    assert (rows["c"]["precision"], rows["c"]["recall"], rows["c"]["f1"]) == (0, 0, 0)
    assert metrics.macro_f1(TARGETS, GUESSES) == pytest.approx((4 / 7 + 1 / 2 + 0) / 3)


def test_confusion_by_hand():
    table = metrics.confusion(TARGETS, GUESSES, ["a", "b", "c"], 3)
    assert table == {"labels": ["a", "b", "c"], "counts": [[2, 1, 0], [1, 1, 0], [1, 0, 0]]}
    table = metrics.confusion(TARGETS, GUESSES, ["a", "b", "c"], 1)
    assert table == {"labels": ["a", "other"], "counts": [[2, 1], [2, 1]]}


def test_errors_by_hand():
    found = metrics.errors(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 1.0]))
    assert found == {"mae": 1.0, "rmse": pytest.approx((5 / 3) ** 0.5), "mse": pytest.approx(5 / 3),
                     "r2": pytest.approx(1 - 5 / 2)}  # fmt: skip
    assert metrics.errors(np.ones(3), np.zeros(3))["r2"] == 0


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ("O B-PER I-PER O B-LOC", {("PER", 1, 3), ("LOC", 4, 5)}),
        ("B-PER B-PER I-LOC I-LOC", {("PER", 0, 1), ("PER", 1, 2), ("LOC", 2, 4)}),
        ("S-PER B-LOC I-LOC E-LOC S-LOC", {("PER", 0, 1), ("LOC", 1, 4), ("LOC", 4, 5)}),
        ("B-X E-X I-X", {("X", 0, 2), ("X", 2, 3)}),
        ("I-PER I-PER O", {("PER", 0, 2)}),
        ("O O", set()),
    ],
)
def test_spans(tags, wanted):
    assert metrics.spans(tags.split()) == wanted


def test_span_scores_by_hand():
    truth, guesses = [["B-A", "I-A", "O", "B-B"]], [["B-A", "O", "O", "B-B"]]
    assert metrics.span_scores(truth, guesses) == {"span_precision": 0.5, "span_recall": 0.5, "span_f1": 0.5}
    assert metrics.span_scores([["O"]], [["O"]])["span_f1"] == 0.0


def test_which_tags_mark_spans():
    assert metrics.marks_spans({"O", "B-A", "I-A"}) and metrics.marks_spans({"S-A"})
    assert not metrics.marks_spans({"O"}) and not metrics.marks_spans({"NOUN", "B-A"})
