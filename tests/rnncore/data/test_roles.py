"""What columns are for."""

from __future__ import annotations

import pytest

from rnncore.data.columns import survey
from rnncore.data.roles import guess, propose
from tests.rnncore.data.tables import repeated, table, texts

DAYS = [f"2026-01-{day:02d}" for day in range(1, 29)]
ONE, OTHER = [day / 3 for day in range(28)], [day / 5 for day in range(28)]
FOUR, REAL = repeated("abcd"), [row / 7 for row in range(40)]


@pytest.mark.parametrize(
    ("columns", "task", "wanted"),
    [
        ({"text": texts(), "label": FOUR}, "classification", {"text": ["text"], "label": ["label"]}),
        ({"name": texts(word="n"), "origin": FOUR}, "classification",
         {"text": ["name"], "label": ["origin"]}),
        ({"review": texts(), "stars": REAL}, "regression", {"text": ["review"], "label": ["stars"]}),
        ({"source": texts(), "target": texts(word="x")}, "seq2seq", {"source": ["source"], "target": ["target"]}),
        ({"text": texts(12_000), "label": [f"l{row % 10_000}" for row in range(12_000)]}, "classification",
         {"text": ["text"], "label": ["label"]}),
        ({"author": [f"a{row % 5_000}" for row in range(12_000)], "said": texts(12_000)}, "classification",
         {"text": ["said"], "label": ["author"]}),
        ({"en": texts(), "de": texts(word="x")}, "seq2seq", {"source": ["en"], "target": ["de"]}),
        ({"tokens": [["a"]] * 9, "upos": [["N"]] * 9}, "tagging", {"text": ["tokens"], "tag": ["upos"]}),
        ({"date": DAYS, "a": ONE, "b": OTHER},
         "forecasting", {"time": ["date"], "value": ["a", "b"]}),
        ({"date": DAYS, "a": ONE, "OT": OTHER},
         "forecasting", {"time": ["date"], "value": ["OT"]}),
        ({"wave": [f"0.{row} 1.5 2" for row in range(40)], "kind": FOUR}, "classification",
         {"value": ["wave"], "label": ["kind"]}),
        ({"text": ["1 2 3"] * 20 + ["4 5"] * 20, "label": FOUR}, "classification",
         {"text": ["text"], "label": ["label"]}),
        ({"text": texts()}, "language_model", {"text": ["text"]}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_roles_suggest_the_task(columns, task, wanted):
    found = survey(table(**columns))
    assert {role: names for role, names in guess(found).items() if names} == wanted
    assert propose(found) == task
