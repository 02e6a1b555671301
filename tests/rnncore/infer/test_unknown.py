"""What a model does not know of what it is asked about is said with the answer, and nothing where all is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from rnncore import defaults
from rnncore.__main__ import main
from rnncore.data import tokens
from rnncore.infer.kept import Models
from rnncore.infer.predict import model_of
from rnncore.infer.predictor import checked
from rnncore.infer.unknown import of_prompt
from rnncore.infer.writing import FieldError
from rnncore.recipe import Recipe
from rnncore.tasks import Sources, open_task
from tests.rnncore.infer.conftest import make_model
from tests.rnncore.infer.test_serve import server  # noqa: F401 - a fixture

FILES = {
    "reviews.csv": "text,label\n" + "a very good film,1\na very bad film,0\nquite good quite bad,1\n" * 8,
    "names.csv": "text,label\n" + "abba,x\nbaab,y\naabb,x\n" * 8,
    "scores.csv": "text,label\n" + "a good film,1.5\na bad film,0.25\n" * 10,
    "words.csv": "source,target\n" + "abc,cba\nabd,dba\ncab,bac\nbad,dab\n" * 6,
    "tags.conllu": "".join(
        f"{number}\t{word}\t_\t{tag}" + "\t_" * 6 + "\n" * (1 + (word == "."))
        for number, word, tag in [(1, "Dogs", "NOUN"), (2, "bark", "VERB"), (3, ".", "PUNCT")] * 12
    ),
    "series.csv": "values,label\n" + "0.5 1 2,a\n2 1 0.5,b\n" * 10,
}


@pytest.fixture
def model(tmp_path):
    """An untrained model of a task on one of :data:`FILES`: its folder."""

    def make(kind: str, name: str, **task: Any) -> Path:
        data, folder = tmp_path / name, tmp_path / "model"
        data.write_text(FILES[name])
        small = {"hidden_size": 4, "embedding_size": 3}
        recipe = defaults.fill_task(Recipe.parse({"task": {"kind": kind, **task}, "network": small}))
        opened = open_task(recipe, Sources(data), tmp_path / "data", lambda: None)
        filled = defaults.fill(opened.recipe, opened.facts)
        opened.begin(filled)
        folder.mkdir()
        torch.manual_seed(1)
        save_file(opened.network().state_dict(), folder / "model.safetensors")
        for file, text in {**opened.texts(), "recipe.json": json.dumps(filled.to_dict())}.items():
            (folder / file).write_text(text)
        return folder

    return make


def said(output: dict[str, Any]) -> dict[str, Any]:
    return {name: output[name] for name in ("unknown", "unknown_at", "tokens_read") if name in output}


@pytest.mark.parametrize(
    ("kind", "name", "task", "strange", "expected"),
    [
        ("classification", "reviews.csv", {"tokens": "word"}, "a zyx film, zyx!",
         {"unknown": ["zyx", ",", "!"], "unknown_at": [[2, 5], [10, 11], [12, 15], [15, 16]], "tokens_read": 6}),
        ("classification", "names.csv", {"tokens": "char"}, "a😀bé",
         {"unknown": ["😀", "é"], "unknown_at": [[1, 2], [3, 4]], "tokens_read": 4}),
        ("regression", "scores.csv", {"tokens": "word"}, ["a", "zyx", "film"],
         {"unknown": ["zyx"], "unknown_at": [[1, 2]], "tokens_read": 3}),
        ("seq2seq", "words.csv", {"tokens": "char"}, "axc",
         {"unknown": ["x"], "unknown_at": [[1, 2]], "tokens_read": 3}),
        ("tagging", "tags.conllu", {}, ["DOGS", "purr", "."],
         {"unknown": ["purr"], "unknown_at": [[1, 2]], "tokens_read": 3}),
        ("tagging", "tags.conllu", {}, "Well-read dogs.",
         {"unknown": ["Well-read"], "unknown_at": [[0, 9]], "tokens_read": 3}),
    ],
)  # fmt: skip
def test_what_is_read_as_unknown_is_named_with_its_places(model, kind, name, task, strange, expected):
    opened = model_of(model(kind, name, **task))
    column = "source" if kind == "seq2seq" else "tokens" if kind == "tagging" else "text"
    assert [said(output) for output in opened.predict([strange, {column: strange}])] == [expected, expected]


@pytest.mark.parametrize(
    ("kind", "name", "task", "known"),
    [
        ("classification", "reviews.csv", {"tokens": "word"}, "quite good"),
        ("classification", "names.csv", {"tokens": "byte"}, "wholly ünknown"),
        ("classification", "series.csv", {}, [7, 8, 9]),
        ("seq2seq", "words.csv", {"tokens": "char"}, "abc"),
        ("tagging", "tags.conllu", {}, "dogs Bark."),
    ],
)
def test_nothing_is_said_where_all_is_known(model, kind, name, task, known):
    (output,) = model_of(model(kind, name, **task)).predict([known])
    assert said(output) == {}


def test_the_command_and_the_server_say_it_alike(model, tmp_path, server):  # noqa: F811
    folder, records = model("classification", "reviews.csv", tokens="word"), tmp_path / "asked.csv"
    records.write_text("text,label\na good zyx,1\na good film,1\n")
    assert main(["predict", str(folder), "--data", str(records), "--out", str(tmp_path / "answers.jsonl")]) == 0
    told = [said(json.loads(line)) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert told == [{"unknown": ["zyx"], "unknown_at": [[7, 10]], "tokens_read": 3}, {}]
    server.ask(id="a", op="predict", folder=str(folder), inputs=["a good zyx", "a good film"], explain=True)
    server.end_of("a")
    assert [said(output) for line in server.said for output in line.get("outputs", ())] == told


def test_options_are_those_of_the_task(model):
    opened = Models(2**20).predicting(str(model("classification", "reviews.csv", tokens="word")))
    assert checked(opened, {"explain": True}) == {"explain": True}
    with pytest.raises(FieldError, match="it has explain"):
        checked(opened, {"beam_size": 2})


def test_the_words_of_a_prompt_that_are_unknown_are_told(tmp_path, server, capsys):  # noqa: F811
    text = "the cat sat on the mat\nthe dog sat on the cat\n" * 3
    folder = make_model(tmp_path / "words", kind="word", text=text)
    server.ask(id="a", op="generate", folder=str(folder), prompt="the zyx\nsat catty", length=3, seed=1)
    expected = {"unknown": ["zyx", "sat", "catty"], "unknown_at": [[4, 7], [8, 11], [12, 17]], "tokens_read": 4}
    assert said(server.end_of("a")) == expected  # "sat" is known behind a space alone
    server.ask(id="b", op="generate", folder=str(folder), prompt="the cat", length=3, seed=1)
    assert said(server.end_of("b")) == {}
    assert main(["generate", str(folder), "--prompt", "the zyx", "--length", "3", "--seed", "1"]) == 0
    assert capsys.readouterr().err == "read as unknown: zyx\n"


def test_a_prompt_of_characters_has_nothing_unknown():
    assert of_prompt(tokens.build("char", ["abc"]), "zyx") == {}, "it is refused elsewhere"
