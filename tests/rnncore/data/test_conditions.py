"""Conditions as records hold them and as people type them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rnncore.data.conditions import Conditions
from rnncore.errors import DataError, PromptError

COLUMNS = {"origin": ["Irish", "Greek", "Irish", "Thai"], "year": [1900, 1910, 1900, 1930], "sunny": [True, False] * 2}


@pytest.fixture
def conditions() -> Conditions:
    return Conditions.fitted(COLUMNS)


def test_labels_are_counted_and_numbers_scaled(conditions):
    labels, numbers = conditions.encode(list(zip(*COLUMNS.values(), strict=True)))
    assert conditions.label_items[0].labels == ["Irish", "Greek", "Thai"]
    assert labels.tolist() == [[1, 1], [2, 2], [1, 1], [3, 2]]
    assert numbers.mean() == pytest.approx(0, abs=1e-6) and numbers.std() == pytest.approx(1)


def test_what_is_not_given_is_zero_or_nan(conditions):
    labels, numbers = conditions.encode([(None, None, True)])
    assert labels.tolist() == [[0, 1]] and np.isnan(numbers).all()


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (None, [None, None, None]), ("", [None, None, None]), ("Greek", ["Greek", None, None]),
        ("origin=Thai,year=1905.5", ["Thai", "1905.5", None]), ("year = 1905 , origin=Irish", ["Irish", "1905", None]),
    ],
)  # fmt: skip
def test_what_a_person_types(conditions, text, values):
    assert conditions.parse(text) == values
    assert conditions.parse(conditions.text(values)) == values


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Klingon", "no origin 'Klingon'; it knows Irish, Greek, Thai"),
        ("origin=Irish,colour=red", "no condition 'colour'; the model has origin, year, sunny"),
        ("year=soon", "year must be a number, not 'soon'"),
        ("origin=Irish,year=nan", "year must be a number"),
    ],
)
def test_what_is_not_known_is_said(conditions, text, words):
    with pytest.raises(PromptError, match=f"^label: .*{words}"):
        conditions.parse(text)


def test_a_label_may_hold_commas_and_equals():
    conditions = Conditions.fitted({"name": ["a=b, c", "d, e"]})
    assert conditions.parse("a=b, c") == ["a=b, c"]
    assert conditions.parse("d, e") == ["d, e"]
    assert conditions.text(["d, e"]) == "d, e"


def test_without_conditions_no_label_is_taken():
    none = Conditions.fitted({})
    assert none.parse(None) == [] and none.text([]) == ""
    with pytest.raises(PromptError, match="takes none"):
        none.parse("Irish")


def test_an_unknown_label_of_a_record_names_its_row(conditions):
    with pytest.raises(ValueError, match="Klingon") as raised:
        conditions.encode([("Irish", 1900, True), ("Klingon", 1900, True)])
    assert raised.value.args[1] == 1


def test_columns_that_are_no_conditions():
    with pytest.raises(DataError, match="different labels"):
        Conditions.fitted({"text": [f"text {number}" for number in range(5_001)]})
    with pytest.raises(DataError, match="lists"):
        Conditions.fitted({"words": [["a"], ["b"]]})


def test_a_constant_number_is_no_division_by_zero():
    conditions = Conditions.fitted({"year": [1900, 1900]})
    assert conditions.encode([(1901,)])[1].tolist() == [[1.0]]


def test_json_and_back(conditions):
    again = Conditions.from_list(json.loads(json.dumps(conditions.to_list())))
    assert again.items == conditions.items
