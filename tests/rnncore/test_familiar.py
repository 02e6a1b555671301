"""What an inspection tells of data that weights do not know, as a training would say it once it has read the file."""

from __future__ import annotations

import json

import pytest

from rnncore import facts
from rnncore.data import tokens
from rnncore.data.inspect import inspect
from rnncore.errors import DataError
from rnncore.familiar import check, checked
from rnncore.recipe import Recipe
from rnncore.weights import Weights

KNOWN = "the quick brown fox jumps over the lazy dog\n"


@pytest.fixture
def checking(tmp_path):
    """Inspects a file and checks it against weights of a task, with what stands in their files."""

    def checking(name: str, content: str, task: dict, description: dict | None = None, tokenizer: str = "char"):
        (tmp_path / name).write_text(content)
        folder = tmp_path / "weights"
        folder.mkdir(exist_ok=True)
        tokens.build(tokenizer, [KNOWN * 3]).save(folder / "tokenizer.json")
        (folder / "network.json").write_text(json.dumps(description or {}))
        (folder / "recipe.json").write_text(json.dumps({"task": {"kind": task["kind"]}}))
        (folder / "model.safetensors").touch()
        inspection, recipe = inspect(tmp_path / name, task=task["kind"]), Recipe.parse({"task": task})
        if inspection["columns"]:
            recipe = facts.chosen(recipe, inspection["columns"])
        check(Weights.of(folder), recipe, inspection, name)

    return checking


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        (KNOWN * 50, None),
        ("Ж" * 99 + KNOWN * 45, None),  # 4.8 %
        ("Ж" * 110 + KNOWN * 45, r"odd.txt: .* do not know 5\.3% of its characters \(110 of 2,090: 'Ж' \(U\+0416\)\)"),
        ("".join(map(chr, range(0x4E00, 0x4E00 + 2000))), r"do not know 25.0% .* and 495 more\); at most 5%"),
    ],
)  # fmt: skip
def test_characters_by_the_share_that_is_unknown(checking, content, refused):
    if refused is None:
        return checking("odd.txt", content, {"kind": "language_model"})
    with pytest.raises(DataError, match=refused) as error:
        checking("odd.txt", content, {"kind": "language_model"})
    assert "start without them" in error.value.hint
    return None


def test_bytes_and_words_are_left_to_the_training(checking):
    for kind in ("byte", "word"):
        checking("odd.txt", "война и мир " * 300, {"kind": "language_model"}, tokenizer=kind)


ROWS = "text,label\n" + "a fine day,good\na grey day,bad\n" * 10


@pytest.mark.parametrize(
    ("rows", "refused"),
    [
        (ROWS, None),
        (f"{ROWS}a day,middling\n", "rows.csv: the weights that the run starts from know no label 'middling'; "
         "they know bad, good"),
        (f"{ROWS},middling\n", None),  # a record without a text is not read
        (f"{ROWS},middling\na day,middling\n", "know no label 'middling'"),
    ],
)  # fmt: skip
def test_labels_of_records_that_are_read(checking, rows, refused):
    description = {"labels": ["bad", "good"]}
    if refused is None:
        return checking("rows.csv", rows, {"kind": "classification"}, description)
    with pytest.raises(DataError, match=refused):
        checking("rows.csv", rows, {"kind": "classification"}, description)
    return None


def test_numbers_that_are_labels(checking):
    rows = "text,label\n" + "".join(f"words of {n},{n % 3}\n" for n in range(30))
    checking("rows.csv", rows, {"kind": "classification"}, {"labels": ["0", "1", "2"]})
    with pytest.raises(DataError, match="know no label '2'"):
        checking("rows.csv", rows, {"kind": "classification"}, {"labels": ["0", "1"]})


def test_labels_that_are_written_for(checking):
    rows = "text,origin,year\n" + "".join(f"Anna {n},{'xy'[n % 2]},{1900 + n % 30}\n" for n in range(40))
    task = {"kind": "conditional_generation", "text_column": "text", "condition_columns": ["origin", "year"]}
    year = {"kind": "number", "column": "year", "mean": 0, "deviation": 1}
    origin = {"kind": "label", "column": "origin", "labels": ["x", "y"]}
    checking("rows.csv", rows, task, {"conditions": [origin, year]})
    with pytest.raises(DataError, match="know no origin 'y'; they know x"):
        checking("rows.csv", rows, task, {"conditions": [origin | {"labels": ["x"]}, year]})


def test_other_tasks_are_left_to_the_training(checking):
    rows = "source,target\n" + "abc,cba\n" * 20
    checking("rows.csv", rows, {"kind": "seq2seq"}, {"source": {}, "target": {}})


def test_a_share_is_given_back():
    assert checked("a.txt", 1, 100, "char") == 0.01
    assert checked("a.txt", 0, 0, "word") == 0
