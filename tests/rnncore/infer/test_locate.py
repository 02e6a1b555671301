from __future__ import annotations

import pytest

from rnncore.errors import RequestError
from rnncore.infer.locate import model_folder


@pytest.fixture
def run(tmp_path):
    for name in ("step-00000100", "step-00000200"):
        folder = tmp_path / "run" / "checkpoints" / name
        folder.mkdir(parents=True)
        (folder / "network.json").write_text("{}")
    (tmp_path / "run" / "recipe.json").write_text("{}")
    return tmp_path / "run"


def test_a_model_folder_is_itself(run):
    folder = run / "checkpoints" / "step-00000100"
    assert model_folder(folder) == folder
    assert model_folder(str(folder)) == folder


def test_a_run_means_its_best_checkpoint(run):
    (run / "best").symlink_to("checkpoints/step-00000100")
    (run / "last").symlink_to("checkpoints/step-00000200")
    assert model_folder(run).resolve() == run / "checkpoints" / "step-00000100"


def test_pointers_may_be_files_and_last_will_do(run):
    (run / "last").write_text("checkpoints/step-00000200\n")
    assert model_folder(run) == run / "checkpoints" / "step-00000200"


def test_no_model_is_said_in_words(run, tmp_path):
    archive = tmp_path / "model.zip"
    archive.write_bytes(b"PK")
    (tmp_path / "empty").mkdir()
    for path, words in [
        (run, "no checkpoint yet"),
        (tmp_path / "nowhere", "no such folder"),
        (archive, "unpack it first"),
        (tmp_path / "empty", "network.json is missing"),
    ]:
        with pytest.raises(RequestError, match=words):
            model_folder(path)
