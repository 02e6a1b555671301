"""The formula of every task's network against the network that a training builds, with every cell."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import pytest

from rnncore import catalog
from rnncore.networks import count, tagging
from rnncore.plan import facts_of, plan
from rnncore.sizes import LETTER_SIZE, SEEN
from tests.rnncore.tasks import answering
from tests.rnncore.tasks.answering import opened, recipe

one_thread = pytest.fixture(autouse=True)(answering.one_thread)


def table(path: Path) -> Path:
    """Records that serve every task but tagging."""
    draw = random.Random(0)
    with path.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("text", "label", "size", "other", "curve", "wave"))
        for number in range(60):
            text = " ".join(draw.choices(("ice", "sun", "a", "the"), k=draw.randint(3, 9)))
            curve, wave = (" ".join(f"{draw.random():.2f}" for _ in range(4)) for _ in range(2))
            rows.writerow((text, draw.choice(("cold", "warm", "mild")), number / 7, text[::-1], curve, wave))
    return path


def sentences(path: Path) -> Path:
    rows = [{"tokens": ["the", "cat", "sees"][: 1 + n % 3], "tags": ["D", "N", "V"][: 1 + n % 3]} for n in range(40)]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


READ = {"text_column": "text", "label_column": "label"}
TASKS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("classification", READ, {"bidirectional": True}),
    ("classification", READ | {"pooling": "attention"}, {"bias": False}),
    ("classification", {"value_columns": ["curve", "wave"], "label_column": "label"}, {"bidirectional": True}),
    ("regression", READ | {"label_column": "size", "tokens": "char"}, {}),
    ("tagging", {"crf": False}, {"character_size": 0}),
    ("tagging", {"crf": True}, {"character_size": 7, "bidirectional": True}),
    *(("seq2seq", {"source_column": "text", "target_column": "other", "attention": attention}, {})
      for attention in catalog.ATTENTIONS),
    ("seq2seq", {"source_column": "text", "target_column": "label", "target_tokens": "char"}, {"bidirectional": True}),
    ("seq2seq", {"source_column": "text", "target_column": "other"}, {"tied": True, "embedding_size": 8}),
    ("conditional_generation", {"text_column": "text", "condition_columns": []}, {}),
    ("conditional_generation", {"text_column": "text", "condition_columns": ["label", "size"]}, {"bias": False}),
    ("conditional_generation", {"text_column": "text", "condition_columns": ["label"]},
     {"tied": True, "embedding_size": 8}),
]  # fmt: skip


@pytest.mark.parametrize("cell", catalog.CELLS)
@pytest.mark.parametrize(("kind", "task", "network"), TASKS, ids=str)
def test_the_formula_counts_what_the_training_builds(tmp_path, cell, kind, task, network):
    file = sentences(tmp_path / "s.jsonl") if kind == "tagging" else table(tmp_path / "t.csv")
    asked = recipe(kind, task=task, network={"cell": cell, "num_layers": 2, **network})
    built = opened(asked, file, tmp_path)
    assert plan(built.recipe, built.facts).parameters == count(built.network())


def test_the_sizes_that_stand_in_two_places_are_the_same():
    assert (LETTER_SIZE, SEEN) == (tagging.LETTER_SIZE, tagging.SEEN)


@pytest.mark.parametrize(("kind", "task", "network"), TASKS, ids=str)
def test_a_plan_of_a_file_has_the_size_of_its_network(tmp_path, kind, task, network):
    file = sentences(tmp_path / "s.jsonl") if kind == "tagging" else table(tmp_path / "t.csv")
    asked = recipe(kind, task=task, network=network)
    built = opened(asked, file, tmp_path)
    assert plan(*facts_of(asked, file)).parameters == pytest.approx(count(built.network()), rel=0.02)


def test_words_that_stand_once_are_not_counted(tmp_path):
    rows = [f"a rare{n}word of the kind,{'xy'[n % 2]}" for n in range(200)]
    (tmp_path / "t.csv").write_text("text,label\n" + "\n".join(rows))
    asked = recipe("classification", task=READ)
    built = opened(asked, tmp_path / "t.csv", tmp_path)
    found = facts_of(asked, tmp_path / "t.csv")[1]
    assert found.vocabulary_size == built.facts.vocabulary_size == 4 + 4
