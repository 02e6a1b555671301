"""Records with columns, from every format of file."""

from __future__ import annotations

import gzip
import json

import polars
import pytest

from rnncore.data.compact import Cells
from rnncore.data.formats import delimited
from rnncore.data.table import format_of, open_table
from rnncore.errors import DataError


def write(tmp_path, name, text):
    path = tmp_path / name
    raw = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return path


@pytest.mark.parametrize(
    ("name", "format"),
    [("a.csv", "csv"), ("A.CSV.GZ", "csv"), ("a.tsv", "tsv"), ("a.ndjson", "jsonl"), ("a.conllu.gz", "conllu"),
     ("a.txt", "text"), ("a", "text"), ("a.gz", "text"), ("csv", "text")],
)  # fmt: skip
def test_the_ending_decides_the_format(name, format):
    assert format_of(name) == format


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_delimiter_header_and_quotes_are_found(tmp_path, name, delimiter, ending):
    rows = [["text", "label"], ["one, two; three", "a"], ['say "hi"', "b"], ["two\nlines", "a"], ["last", "b"]]
    text = ending.join(delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    table = open_table(write(tmp_path, name, text))
    assert table.details["delimiter"] == delimiter and table.details["header"]
    assert table.columns == {"text": [row[0] for row in rows[1:]], "label": ["a", "b", "a", "b"]}
    assert table.lines == [2, 3, 4, 6]


@pytest.mark.parametrize(
    ("text", "header"),
    [("good,a\nbad,b\ngood,a\n", False), ("word,kind\ngood,a\nbad,b\n", True), ("1,2\n3,4\n", False),
     ("2020-01-01,3\n2020-01-02,4\n", False), ("a,a\n1,2\n", False), (",x\n1,2\n", False)],
)  # fmt: skip
def test_a_header_is_told_from_a_record(tmp_path, text, header):
    table = open_table(write(tmp_path, "t.csv", text))
    assert table.details["header"] is header
    assert ("column_1" in table.columns) is not header


def test_numbers_are_numbers_and_codes_are_not(tmp_path):
    table = open_table(write(tmp_path, "t.csv", "n,x,code,mixed,who\n1,.5,007,1,NA\n-2,NA,010,x,None\n,1e3,011,3,Li\n"))
    assert table.columns == {
        "n": [1, -2, None], "x": [0.5, None, 1000.0], "code": ["007", "010", "011"], "mixed": ["1", "x", "3"],
        "who": ["NA", "None", "Li"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "line", "said"),
    [
        ("t.csv", "a,b\n1,2\n\n3\n", 4, "1 cells and the header names 2"),
        ("t.csv", "a,b\n1,2,3\n", 2, "3 cells"),
        ("t.csv", 'a,b\n1,2\n"never,closed\n4,5\n', 3, "never closed"),
        ("t.jsonl", '{"a": 1}\n\n{"a": \n', 3, "not JSON lines"),
        ("t.jsonl", '{"a": 1}\n[1]\n', 2, "an object is wanted"),
        ("t.conllu", "1\tI\n", 1, "10 fields"),
        ("t.conllu", "x" + "\t_" * 9 + "\n", 1, "no number"),
        ("t.conll", "I\tPRP\nam\tVB\tx\n", 2, "this line has 3"),
        ("t.conll", "I\nam\n", 1, "a word and a tag"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(tmp_path, name, text, line, said):
    with pytest.raises(DataError, match=said) as caught:
        open_table(write(tmp_path, name, text))
    assert caught.value.line == line


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.conllu", "t.conll", "t.txt"])
@pytest.mark.parametrize("text", [" \n\n", "\n"])
def test_a_file_without_a_record_is_refused(tmp_path, name, text):
    with pytest.raises(DataError, match=r"no record|is empty|again and again"):
        open_table(write(tmp_path, name, text))


def test_json_lines_keep_lists_and_miss_what_is_not_there(tmp_path):
    lines = [{"a": [1, 2.5], "b": ["x", 1]}, {"b": None, "c": {"d": 1}}, "plain"]
    table = open_table(write(tmp_path, "t.jsonl", "\n".join(map(json.dumps, lines))))
    assert table.columns == {
        "a": [[1, 2.5], None, None], "b": [["x", "1"], None, None], "c": [None, '{"d": 1}', None],
        "text": [None, None, "plain"],
    }  # fmt: skip


def test_half_a_character_is_replaced_and_a_whole_one_is_not(tmp_path):
    text = '{"a\\ud800": ["\\udc00x"], "b": {"c": "\\ud83d\\ude00"}}\n'
    table = open_table(write(tmp_path, "t.jsonl", text))
    assert table.columns == {"a\ufffd": [["\ufffdx"]], "b": ['{"c": "😀"}']}


def test_parquet(tmp_path):
    from datetime import datetime

    frame = polars.DataFrame({"when": [datetime(2026, 1, 31, 13)], "x": [1.5], "words": [["a", "b"]], "n": [[1, 2]]})
    frame.write_parquet(tmp_path / "t.parquet")
    table = open_table(tmp_path / "t.parquet")
    assert open_table(write(tmp_path, "p.parquet.gz", (tmp_path / "t.parquet").read_bytes())).columns == table.columns
    assert table.columns == {"when": ["2026-01-31T13:00:00"], "x": [1.5], "words": [["a", "b"]], "n": [[1, 2]]}
    with pytest.raises(DataError, match="not a Parquet file"):
        open_table(write(tmp_path, "bad.parquet", "PAR1nothing"))


CONLLU = """# sent_id = 1
1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tdo\tdo\tAUX\tVB\t_\t0\troot\t_\t_
2\tn't\tnot\tPART\tRB\t_\t1\tadvmod\t_\t_
2.1\tgo\tgo\tVERB\tVB\t_\t_\t_\t_\t_

1\tYes\tyes\tINTJ\tUH\t_\t0\troot\t_\t_
"""


def test_ranges_and_empty_nodes_of_conllu_are_no_words(tmp_path):
    table = open_table(write(tmp_path, "t.conllu.gz", CONLLU))
    assert table.columns["tokens"] == [["do", "n't"], ["Yes"]]
    assert table.columns["upos"] == [["AUX", "PART"], ["INTJ"]]
    assert table.lines == [3, 7]


def test_conll_names_its_last_column_tag(tmp_path):
    table = open_table(
        write(tmp_path, "t.conll", "-DOCSTART- -X- O\n\nEU NNP B-ORG\nrejects VBZ O\n\nPeter NNP B-PER\n")
    )
    assert table.columns == {
        "tokens": [["EU", "rejects"], ["Peter"]], "column_2": [["NNP", "VBZ"], ["NNP"]],
        "tag": [["B-ORG", "O"], ["B-PER"]],
    }  # fmt: skip
    assert table.lines == [3, 6]


def test_lines_of_a_text_are_records(tmp_path):
    table = open_table(write(tmp_path, "t.txt", "one\n\n two\n"))
    assert table.columns == {"text": ["one", " two"]} and table.lines == [1, 3]


def test_a_name_counts_more_than_the_path(tmp_path):
    table = open_table(write(tmp_path, "blob", "a,b\n1,2\n"), name="data.csv")
    assert table.name == "data.csv" and list(table.columns) == ["a", "b"]


def test_progress_comes_and_may_end_it(tmp_path):
    class Stop(Exception):
        pass

    def stop(done, total):
        raise Stop

    with pytest.raises(Stop):
        open_table(write(tmp_path, "t.csv", "a,b\n1,2\n"), progress=stop)


def test_a_table_beyond_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("rnncore.data.table.LIMIT", 10)
    with pytest.raises(DataError, match="more than 10 characters"):
        open_table(write(tmp_path, "t.csv", "a,b\n1,2\n3,4\n5,6\n"))


def cells(*given: str) -> Cells:
    found = Cells()
    for cell in given:
        found.add(cell)
    return found


def test_cells_of_one_column():
    assert delimited.typed(cells("1", " 2 ")) == ([1, 2], [])
    assert delimited.typed(cells("", " ")) == ([None, None], [])
    assert delimited.typed(cells("1.5", "1e400", "nan")) == ([1.5, None, None], [1])
    assert delimited.typed(cells("12345678901234567890", "-", "7")) == ([12345678901234567890, None, 7], [])


@pytest.mark.parametrize(
    ("name", "text"), [("t.csv", "x,y\n1,a\n1e400,b\n2,c\n"), ("t.jsonl", '{"x": 1}\n{"x": 1e400}\n')]
)
def test_a_number_beyond_all_range_is_missing_and_told_with_its_line(tmp_path, name, text):
    table = open_table(write(tmp_path, name, text))
    assert table.columns["x"][:2] == [1, None]
    (problem,) = table.problems
    assert (problem["line"], problem["count"]) == (3 if name == "t.csv" else 2, 1)
    assert "not finite" in problem["message"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1e999"])
def test_a_list_with_a_number_that_is_none_is_refused_at_its_line(tmp_path, value):
    with pytest.raises(DataError, match="not finite") as caught:
        open_table(write(tmp_path, "t.jsonl", f'{{"x": [1, 2]}}\n{{"x": [1, {value}]}}\n'))
    assert caught.value.line == 2


def test_bad_json_names_one_line_and_the_character(tmp_path):
    with pytest.raises(DataError, match=r"Expecting value at character 7$") as caught:
        open_table(write(tmp_path, "t.jsonl", '{"a": 1}\n{"a": \n'))
    assert caught.value.line == 2


def test_a_header_alone_holds_no_record(tmp_path):
    with pytest.raises(DataError, match="holds no record"):
        open_table(write(tmp_path, "t.csv", "word,kind\n"))
