"""What is wrong with a table, said before anything is trained, with the line where it is first seen."""

from __future__ import annotations

import pytest

from rnncore.data.inspect import inspect, inspect_table
from rnncore.data.problems import overlap
from rnncore.data.table import Table


def table(name="t.csv", **columns) -> Table:
    rows = len(next(iter(columns.values())))
    return Table(name, "csv", columns, list(range(2, rows + 2)))


def found(columns: dict, task: str, words: str) -> dict:
    """The one problem whose message has these words."""
    problems = [problem for problem in inspect_table(table(**columns), task)["problems"] if words in problem["message"]]
    assert len(problems) == 1, inspect_table(table(**columns), task)["problems"]
    return problems[0]


def texts(rows=40):
    return [f"text number {row} of them" for row in range(rows)]


LABELS = ["a", "b"] * 20
DAYS = [f"2026-01-{day:02d}" for day in range(1, 29)]
VALUES = [day / 3 for day in range(28)]


def changed(values, row, value):
    return [*values[:row], value, *values[row + 1 :]]


CLASS, SERIES = "classification", "forecasting"


@pytest.mark.parametrize(
    ("columns", "task", "words", "severity", "line", "count"),
    [
        ({"text": texts(), "label": changed(LABELS, 5, None)}, CLASS, "without 'label'", "warning", 7, 1),
        ({"text": changed(texts(), 3, None), "label": LABELS}, CLASS, "without 'text'", "warning", 5, 1),
        ({"text": texts(), "label": changed(LABELS, 9, "c")}, CLASS, "a single record", "warning", 11, 1),
        ({"text": changed(texts(), 9, texts()[7]), "label": LABELS}, CLASS, "more than once", "warning", 11, 1),
        ({"text": changed(texts(), 8, texts()[7]), "label": LABELS}, CLASS, "different labels", "warning", 9, 2),
        ({"text": [f"this is {label}b {row}" for row, label in enumerate(LABELS)], "label": [f"{x}b" for x in LABELS]},
         CLASS, "stands in 'text' itself", "warning", 2, 40),
        ({"text": texts(), "label": ["a"] * 40}, CLASS, "the same value in every record", "error", None, None),
        ({"text": changed(texts(), 2, "x" * 1001), "label": LABELS}, CLASS, "more than 1,000", "info", 4, 1),
        ({"text": changed(texts(), 2, "x" * 100_001), "label": LABELS}, CLASS, "more than 100,000", "warning", 4, 1),
        ({"text": [*texts(6000)], "label": [f"l{row % 5999}" for row in range(6000)]}, CLASS,
         "5,999 different labels", "error", None, None),
        ({"tokens": [["a", "b"]] * 9, "tag": changed([["X", "Y"]] * 9, 4, ["X"])}, "tagging",
         "2 words and 1 tags", "error", 6, 1),
        ({"source": texts(), "target": changed(texts(), 1, None)}, "seq2seq", "without 'target'", "warning", 3, 1),
        ({"date": changed(DAYS, 5, "soon"), "x": VALUES}, SERIES, "'soon' in 'date' is not a date", "error", 7, None),
        ({"date": changed(DAYS, 5, "31.12.2026"), "x": VALUES}, SERIES, "is not a date", "error", 7, None),
        ({"date": changed(DAYS, 5, DAYS[4]), "x": VALUES}, SERIES, "that another row has", "error", 7, 1),
        ({"date": DAYS[:9] + DAYS[14:], "x": VALUES[:9] + VALUES[14:]}, SERIES, "Gaps", "warning", 11, 1),
        ({"date": [*DAYS[1:], DAYS[0]], "x": VALUES}, SERIES, "they are sorted", "info", 29, None),
        ({"date": DAYS, "x": [1.0] * 28}, SERIES, "the same value", "warning", None, None),
        ({"text": texts(), "label": LABELS, "n": [*map(str, range(39)), "nine"]}, CLASS,
         "but for cells such as 'nine'", "warning", 41, 1),
    ],
)  # fmt: skip
def test_each_is_told_with_its_line_and_count(columns, task, words, severity, line, count):
    problem = found(columns, task, words)
    assert (problem["severity"], problem["line"], problem["count"]) == (severity, line, count)


def test_a_sound_table_has_none():
    assert inspect_table(table(text=texts(), label=LABELS))["problems"] == []
    assert inspect_table(table(date=DAYS, x=VALUES))["problems"] == []


def test_errors_come_first():
    columns = {"text": changed(texts(), 3, None), "label": ["a"] * 40}
    severities = [problem["severity"] for problem in inspect_table(table(**columns), "classification")["problems"]]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)


def test_a_header_that_is_a_record(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("good,a\nbad,b\n" * 10)
    problems = inspect(path)["problems"]
    assert any("looks like a record" in problem["message"] and problem["line"] == 1 for problem in problems)


def test_copies_that_a_group_keeps_together_are_no_problem():
    columns = {"text": changed(texts(), 9, texts()[7]), "label": LABELS, "group": changed(list(range(5, 45)), 9, 12)}
    assert inspect_table(table(**columns), CLASS)["problems"] == []
    assert found({**columns, "group": list(range(5, 45))}, CLASS, "more than once")["line"] == 11


def test_records_that_stand_in_two_files():
    one, other = table(text=texts(), label=LABELS), table("o.csv", text=["new", *texts(2)], label=["a", "a", "b"])
    problem = overlap(one, other, ["text", "label"])
    assert (problem["count"], problem["line"]) == (2, 3)
    assert overlap(one, table("o.csv", text=["new"], label=["a"]), ["text", "label"]) is None


def test_a_file_is_inspected_by_its_name(tmp_path):
    path = tmp_path / "blob"
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in zip(texts(), LABELS, strict=True)))
    body = inspect(path, name="data.csv")
    assert (body["format"], body["task"], body["statistics"]["records"]) == ("csv", "classification", 40)
    assert body["roles"] == {"text": ["text"], "label": ["label"]}
    assert body["preview"]["rows"][0] == {"text": texts()[0], "label": "a"} and len(body["preview"]["rows"]) == 20
    assert inspect(path)["format"] == "text"
