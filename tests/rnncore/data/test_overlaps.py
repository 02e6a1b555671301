"""Records that are learned and measured both: told before a training, by the plan and by the command that trains."""

from __future__ import annotations

import json

import pytest

from rnncore.__main__ import main
from rnncore.data.overlaps import of_files
from rnncore.recipe import Recipe


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(name, rows):
        (tmp_path / name).write_text("id,text,label\n" + "".join(f"{n},{text},{label}\n" for n, text, label in rows))
        return name

    words = [(n, f"word{n} here now", "ab"[n % 2]) for n in range(40)]
    write("data.csv", words)
    write("valid.csv", [(900, "new one here", "a"), *((n + 500, *words[n][1:]) for n in (3, 5, 7))])
    write("test.csv", [(n + 700, f"other{n} here now", "ab"[n % 2]) for n in range(9)])
    (tmp_path / "r.toml").write_text(
        '[task]\nkind = "classification"\n[network]\nhidden_size = 4\nembedding_size = 4\n[training]\nmax_steps = 1\n'
    )


def test_only_what_is_read_counts(files):
    recipe = Recipe.parse({"task": {"kind": "classification"}})
    (problem,) = of_files(recipe, "data.csv", "valid.csv", "test.csv")
    assert (problem["line"], problem["lines"], problem["count"]) == (3, [3, 4, 5], 3)
    assert "valid.csv that stand in data.csv" in problem["message"]
    assert of_files(recipe, "data.csv", None, "test.csv") == []
    assert of_files(Recipe.parse({"task": {"kind": "language_model"}}), "data.csv", "data.csv") == []


def test_the_plan_has_them(files, capsys):
    assert main(["plan", "r.toml", "--data", "data.csv", "--valid", "valid.csv", "--test", "test.csv"]) == 0
    assert [problem["count"] for problem in json.loads(capsys.readouterr().out)["problems"]] == [3]
    assert main(["plan", "r.toml", "--data", "data.csv"]) == 0
    assert "problems" not in json.loads(capsys.readouterr().out)


def test_the_training_warns_and_goes_on(files, capsys):
    assert main(["train", "r.toml", "--data", "data.csv", "--valid", "valid.csv", "--out", "run"]) == 0
    said = capsys.readouterr().err
    assert "warning: 3 records" in said and "(lines 3, 4, 5)" in said
