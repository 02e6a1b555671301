"""Which columns a task reads."""

from __future__ import annotations

import pytest

from rnncore.data.columns import survey
from rnncore.data.resolve import resolve
from rnncore.errors import RecipeError
from rnncore.recipe import Recipe
from tests.rnncore.data.tables import repeated, table, texts


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
