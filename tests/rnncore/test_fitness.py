"""What a survey tells of data that cannot serve a recipe."""

from __future__ import annotations

import json

import pytest

from rnncore import facts, plan
from rnncore.data.inspect import inspect
from rnncore.errors import RecipeError
from rnncore.fitness import MOST_CLASSES, check, check_part, named
from rnncore.recipe import Recipe


@pytest.fixture
def survey(tmp_path):
    """The inspection of a CSV file."""

    def survey(*rows: str, head: str = "text,label"):
        path = tmp_path / "table.csv"
        path.write_text("\n".join([head, *rows]) + "\n")
        return inspect(path)

    return survey


def classification(inspection, **task):
    given = {"kind": "classification", "text_column": "text", "label_column": "label", **task}
    return facts.chosen(Recipe.parse({"task": given}), inspection["columns"])


GOOD = [f"word {n} and more,{'ab'[n % 2]}" for n in range(20)]


def test_good_data_is_fit(survey):
    inspection = survey(*GOOD)
    check(classification(inspection), inspection)
    check_part(classification(inspection), inspection, inspection)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (GOOD[:7], "only 7 records have it"),
        (GOOD[:1], "only 1 record has it"),
        ([*GOOD[:5], *(f"word {n}," for n in range(9))], "only 5 records have it"),
        ([f"word {n},a" for n in range(20)], "every record has the same label"),
        ([f"word {n},label {n}" for n in range(MOST_CLASSES + 1)], "5,001 different values"),
    ],
)
def test_unfit_data_is_told_at_the_field(survey, rows, words):
    inspection = survey(*rows)
    with pytest.raises(RecipeError, match=words) as refused:
        check(classification(inspection), inspection)
    assert refused.value.errors[0][0].startswith("task.")


def test_a_part_lacks_a_column_or_has_a_label_of_its_own(survey):
    inspection = survey(*GOOD)
    recipe = classification(inspection)
    with pytest.raises(RecipeError, match="no column 'label'"):
        check_part(recipe, inspection, survey(*GOOD, head="text,mood"))
    with pytest.raises(RecipeError, match="the label 'c'"):
        check_part(recipe, inspection, survey(*GOOD, *(f"word {n},c" for n in range(5))))
    check_part(recipe, inspection, survey(*GOOD[::2]))


def test_columns_are_named_with_their_fields():
    task = {"kind": "forecasting", "time_column": "day", "value_columns": ["a", "b"], "known_columns": []}
    found = list(named(Recipe.parse({"task": task})))
    assert sorted(found) == [("task.time_column", "day"), ("task.value_columns", "a"), ("task.value_columns", "b")]


def test_a_record_with_more_tags_than_words_is_refused_with_its_line(tmp_path):
    rows = [{"tokens": ["a", "dog", "barks"], "ner": ["O", "N", "V"], "upos": ["D", "N", "V"]} for _ in range(20)]
    rows[5] = {**rows[5], "ner": ["O", "N", "V", "V"]}
    path = tmp_path / "tagged.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    for given in ({}, {"text_column": "tokens", "tag_column": "ner"}):
        with pytest.raises(RecipeError, match=r"3 words and 4 tags \(line 6\)") as refused:
            plan.facts_of(Recipe.parse({"task": {"kind": "tagging", **given}}), path)
        assert [field for field, _ in refused.value.errors] == ["task.tag_column"]
    plan.facts_of(Recipe.parse({"task": {"kind": "tagging", "tag_column": "upos"}}), path)
    rows[5]["tokens"] = []  # without words it is left out
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    plan.facts_of(Recipe.parse({"task": {"kind": "tagging"}}), path)
