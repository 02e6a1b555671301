"""``rnncore generate`` as people and scripts run it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rnncore.infer.runtime import Runtime
from rnncore.infer.writing import Request, write
from tests.rnncore.infer.conftest import make_model

ROOT = Path(__file__).parents[3]


def generate(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rnncore", "generate", *map(str, arguments)],
        cwd=ROOT, capture_output=True, encoding="utf-8", timeout=120,
    )  # fmt: skip


def test_it_prints_the_text_that_the_seed_means(model):
    options = ["--prompt", "The ", "--length", 40, "--temperature", 0.7, "--top-k", 9, "--top-p", 0.9]
    done = generate(model, *options, "--seed", 5)
    request = Request(prompt="The ", length=40, temperature=0.7, top_k=9, top_p=0.9, seed=5)
    expected = "".join(piece.token for piece in write(Runtime.load(model), request) if piece)
    assert (done.returncode, done.stdout, done.stderr) == (0, expected + "\n", "")


def test_without_a_seed_it_names_the_one_it_drew(model):
    first = generate(model, "--length", 30)
    word, seed = first.stderr.split()
    assert word == "seed"
    assert generate(model, "--length", 30, "--seed", seed).stdout == first.stdout


def test_several_texts_are_headed(model):
    done = generate(model, "--length", 20, "--seed", 5, "--count", 2)
    alone = generate(model, "--length", 20, "--seed", 5)
    assert done.stdout.startswith(f"=== 1 of 2 ===\n{alone.stdout}=== 2 of 2 ===\n")


def test_bytes_are_printed_as_whole_characters(tmp_path):
    folder = make_model(tmp_path / "model", kind="byte", text="naïve – 😀 €\n")
    done = generate(folder, "--prompt", "😀 €", "--length", 300, "--seed", 2)
    request = Request(prompt="😀 €", length=300, seed=2)
    assert done.stdout[:-1] == "".join(piece.token for piece in write(Runtime.load(folder), request) if piece)


def test_an_unpacked_download_is_all_it_takes(model, tmp_path):
    archive = tmp_path / "model.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in model.iterdir():
            file.write(path, path.name)
        file.writestr("README.md", "A model.")
        file.writestr("recipe.json", "{}")
    unpacked = tmp_path / "unpacked"
    shutil.unpack_archive(archive, unpacked)
    assert generate(unpacked, "--length", 20, "--seed", 5).stdout == generate(model, "--length", 20, "--seed", 5).stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--label", "cat"], "label"),
        (["--temperature", "-1"], "temperature"),
        (["--temperature", "hot"], "temperature"),
        (["--length", "0"], "length"),
        (["--top-p", "0"], "top_p"),
        (["--prompt", "Ж"], "Ж"),
        (["--prompt", "a" * 50_000], "10,000"),
        (["--colour", "red"], "--colour"),
    ],
)
def test_a_wrong_request_is_one_line_and_exit_2(model, options, words):
    done = generate(model, *options)
    assert done.returncode == 2
    assert done.stdout == ""
    assert words in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_a_folder_without_a_model_is_a_wrong_request_and_a_damaged_one_is_not(model, tmp_path):
    done = generate(tmp_path)
    assert done.returncode == 2 and str(tmp_path) in done.stderr and done.stderr.count("\n") == 1
    damaged = shutil.copytree(model, tmp_path / "damaged")
    (damaged / "model.safetensors").write_bytes(b"nonsense")
    done = generate(damaged)
    assert done.returncode == 1 and "not a whole model" in done.stderr and done.stderr.count("\n") == 1
