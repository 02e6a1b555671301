"""What columns are, what they are for, and which of them a task reads."""

from __future__ import annotations

import pytest

from rnncore.data.columns import numbers_of, propose, resolve, roles, survey
from rnncore.data.table import Table
from rnncore.errors import RecipeError
from rnncore.recipe import Recipe

WORDS = ["the cat sat here", "a dog ran far away", "nobody knows this one", "two more words now"]


def table(**columns) -> Table:
    rows = len(next(iter(columns.values())))
    return Table("t.csv", "csv", columns, list(range(2, rows + 2)))


def repeated(values, times=10):
    return [value for _ in range(times) for value in values]


def texts(rows=40, word="text"):
    return [f"{word} number {row} of them" for row in range(rows)]


DAYS = [f"2026-01-{day:02d}" for day in range(1, 29)]
ONE, OTHER = [day / 3 for day in range(28)], [day / 5 for day in range(28)]
FOUR, REAL = repeated("abcd"), [row / 7 for row in range(40)]


def kinds(found):
    return {column["name"]: column["kind"] for column in found}


def test_kinds():
    found = survey(table(
        words=texts(), label=repeated("abcd"), whole=repeated([3, 1, 2, 7]), real=[row / 7 for row in range(40)],
        when=[f"2026-01-{row % 28 + 1:02d} 0{row // 28}:00" for row in range(40)], row=list(range(40)),
        lists=[["a", "b"]] * 40, series=[[1, 2.5]] * 40, written=[f"0.{row} 1.5 2" for row in range(40)],
        nothing=[None] * 40,
    ))  # fmt: skip
    assert kinds(found) == {
        "words": "text", "label": "category", "whole": "integer", "real": "number", "when": "time", "row": "id",
        "lists": "tokens", "series": "numbers", "written": "numbers", "nothing": "text",
    }  # fmt: skip


def test_lengths_and_counts():
    (column,) = survey(table(words=["ab cd, E", "e", None, "e"]))
    assert (column["missing"], column["unique"], column["constant"]) == (1, 2, False)
    assert column["lengths"]["words"]["max"] == 3 and column["lengths"]["characters"]["mean"] == pytest.approx(10 / 3)
    assert column["distinct"] == {"characters": 8, "words": 4, "pieces": 5, "repeated": 1, "lowered": 4}
    assert sum(count for _, count in column["lengths"]["characters"]["histogram"]) == 3
    (column,) = survey(table(n=[5, None, 1]))
    assert (column["min"], column["max"]) == (1, 5)


def test_lists_of_numbers_are_read_however_they_are_written():
    assert numbers_of("1 2.5") == numbers_of("[1, 2.5]") == numbers_of([1, 2.5]) == [1.0, 2.5]
    with pytest.raises(ValueError):
        numbers_of("1 x")


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
    assert {role: names for role, names in roles(found).items() if names} == wanted
    assert propose(found) == task


def resolved(columns, **task):
    return resolve(Recipe.parse({"task": task}).task, survey(table(**columns)))


def test_what_is_given_stays_and_the_rest_is_guessed():
    columns = {"a": texts(), "b": texts(word="x"), "kind": repeated("abcd"), "size": repeated([1, 2, 3, 4])}
    found = resolved(columns, kind="classification")
    assert found == {"text_column": "a", "label_column": "kind"}
    found = resolved(columns, kind="classification", text_column="b", label_column="size")
    assert found == {"text_column": "b", "label_column": "size"}
    assert resolved(columns, kind="classification", label_column="a")["text_column"] == "b"


def test_what_is_read_may_be_the_group_too():
    columns = {"name": texts(word="n"), "origin": repeated("abcd")}
    found = resolved(columns, kind="classification", group_column="name")
    assert found == {"text_column": "name", "label_column": "origin", "group_column": "name"}


def test_a_series_with_a_label():
    columns = {"wave": ["0.1 0.2"] * 40, "kind": repeated("abcd")}
    assert resolved(columns, kind="classification") == {"value_columns": ["wave"], "label_column": "kind"}


def test_numbers_that_are_called_a_text_are_tokens():
    columns = {"text": ["1 2 3"] * 20 + ["4 5"] * 20, "label": repeated("abcd")}
    assert resolved(columns, kind="classification") == {"text_column": "text", "label_column": "label"}
    assert resolved(columns, kind="classification", value_columns=["text"])["value_columns"] == ["text"]


@pytest.mark.parametrize(
    ("task", "field", "said"),
    [
        ({"label_column": "nope"}, "task.label_column", "there is no column 'nope'; the file has 'words', 'real'"),
        ({"value_columns": ["words"]}, "task.value_columns", "'words' holds text"),
    ],
)
def test_what_cannot_serve_is_refused_at_its_field(task, field, said):
    columns = {"words": texts(), "real": [row / 7 for row in range(40)]}
    with pytest.raises(RecipeError) as caught:
        resolved(columns, kind="classification", **task)
    assert caught.value.errors[0][0] == field and said in caught.value.errors[0][1]


def test_a_file_with_one_column_has_no_label():
    with pytest.raises(RecipeError, match=r"task.label_column: no column looks like a label; the file has 'text'"):
        resolved({"text": texts()}, kind="classification")
