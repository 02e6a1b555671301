"""Checkpoints appear whole, are read back exactly, and thin out."""

from __future__ import annotations

import json

import pytest
import torch

from rnncore.errors import CheckpointError
from rnncore.train import checkpoint
from rnncore.train.checkpoint import Contents


def contents(step: int) -> Contents:
    generator = torch.Generator().manual_seed(step)
    model = {"a.weight": torch.randn(3, 4, generator=generator), "b": torch.randn(2, generator=generator).bfloat16()}
    tensors = {"random": torch.randint(256, (10,), generator=generator).to(torch.uint8)}
    return Contents(step, model, tensors, {"epoch": 0.1, "best": None}, {"network.json": '{"a": "ä"}'})


def same(found: Contents, wanted: Contents) -> None:
    assert (found.step, found.values) == (wanted.step, wanted.values)
    for one, other in ((found.model, wanted.model), (found.tensors, wanted.tensors)):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) and one[name].dtype == other[name].dtype for name in one)


def test_what_is_written_is_read_back(tmp_path):
    path, digest = checkpoint.write(tmp_path, contents(7))
    found = checkpoint.read(path)
    same(found, contents(7))
    assert found.sha256 == digest
    assert path.name == "step-00000007" and (path / "network.json").read_text("utf-8") == '{"a": "ä"}'
    assert not list(tmp_path.glob(".*"))


def test_one_for_the_same_step_is_replaced(tmp_path):
    checkpoint.write(tmp_path, contents(7))
    other = Contents(7, contents(8).model, {}, {"epoch": 0.2})
    same(checkpoint.read(checkpoint.write(tmp_path, other)[0]), other)


@pytest.mark.parametrize("name", ["model.safetensors", "state.safetensors", "state.json"])
@pytest.mark.parametrize("harm", ["gone", "empty", "cut", "flipped"])
def test_one_that_is_not_whole_is_passed_over(tmp_path, name, harm):
    checkpoint.write(tmp_path, contents(3))
    path, _ = checkpoint.write(tmp_path, contents(9))
    raw = bytearray((path / name).read_bytes())
    if harm == "gone":
        (path / name).unlink()
    elif harm == "flipped":
        raw[len(raw) // 2 if name != "state.json" else 0] ^= 1
        (path / name).write_bytes(raw)
    else:
        (path / name).write_bytes(raw[: len(raw) // 2 if harm == "cut" else 0])
    with pytest.raises(CheckpointError, match="step-00000009"):
        checkpoint.read(path)
    same(checkpoint.newest(tmp_path), contents(3))


def test_another_version_is_told_from_a_damaged_one(tmp_path):
    path, _ = checkpoint.write(tmp_path, contents(3))
    body = json.loads((path / "state.json").read_bytes())
    (path / "state.json").write_text(json.dumps({**body, "format": 99}))
    with pytest.raises(CheckpointError, match="another version"):
        checkpoint.read(path)


def test_none_is_the_newest_of_none(tmp_path):
    assert checkpoint.newest(tmp_path) is None


def test_the_number_kept_grows_with_the_logarithm(tmp_path):
    for step in range(0, 1001, 10):
        path, _ = checkpoint.write(tmp_path, Contents(step, {}, {}, {}))
        checkpoint.thin(tmp_path, keep={path, checkpoint.path_of(tmp_path, 350)})
    kept = sorted(int(path.name.removeprefix("step-")) for path in tmp_path.iterdir())
    assert {0, 350, 1000} <= set(kept) and len(kept) <= 12


def test_what_a_crash_left_goes_too(tmp_path):
    (tmp_path / ".draft-00000004").mkdir()
    checkpoint.thin(tmp_path, keep=set())
    assert list(tmp_path.iterdir()) == []
