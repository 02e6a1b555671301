"""The step runtime computes what PyTorch's modules compute."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch

from rnncore.errors import CheckpointError, RequestError
from rnncore.infer import runtime as runtime_module
from rnncore.infer.runtime import Runtime
from tests.rnncore.infer.conftest import make_model, torch_scores

SHAPES = [
    {"cell": "lstm", "layers": 1},
    {"cell": "lstm", "layers": 3},
    {"cell": "lstm", "bias": False},
    {"cell": "lstm", "tied": True},
    {"cell": "gru", "layers": 1},
    {"cell": "gru", "layers": 3},
    {"cell": "gru", "bias": False},
    {"cell": "gru", "tied": True},
    {"cell": "rnn", "layers": 2},
    {"cell": "rnn", "bias": False, "tied": True},
    {"cell": "rnn", "nonlinearity": "relu", "hidden": 8},
    {"cell": "mingru", "layers": 2},
    {"cell": "mingru", "bias": False, "tied": True},
    {"cell": "minlstm", "layers": 3},
    {"cell": "minlstm", "bias": False},
    {"cell": "transformer", "layers": 2},
    {"cell": "transformer", "layers": 1, "hidden": 70, "bias": False},
    {"cell": "transformer", "layers": 3, "hidden": 33, "tied": True},
]
IDS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 0, 8, 9, 7, 9, 3, 2, 3, 8]


@pytest.fixture(params=SHAPES, ids=lambda shape: "-".join(map(str, shape.values())))
def any_model(request, tmp_path):
    return make_model(tmp_path / "model", **request.param)


@pytest.mark.parametrize(("dtype", "precision"), [(np.float64, 1e-10), (np.float32, 1e-4)])
def test_steps_equal_pytorch(any_model, dtype, precision):
    runtime = Runtime.load(any_model, dtype=dtype)
    state = runtime.start()
    mine = np.stack([runtime.step(state, token) for token in IDS])
    theirs = torch_scores(any_model, IDS, torch.float64).numpy()
    assert np.ptp(theirs, axis=0).min() > 0.01, "a test that could not tell one time step from another"
    assert mine.dtype == dtype
    np.testing.assert_allclose(mine, theirs, rtol=precision, atol=precision)


def test_reading_in_chunks_equals_steps(any_model):
    runtime = Runtime.load(any_model, dtype=np.float64)
    stepped, read = runtime.start(), runtime.start()
    for token in IDS:
        scores = runtime.step(stepped, token)
    for begin, end in [(0, 7), (7, 7), (7, 8), (8, len(IDS))]:
        last = runtime.read(read, IDS[begin:end])
    np.testing.assert_allclose(runtime.scores(read), runtime.scores(stepped), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(runtime.step(read, 4), runtime.step(stepped, 4), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(last, scores, rtol=1e-12, atol=1e-12)


def test_a_large_vocabulary_does_without_the_table(any_model, monkeypatch):
    with_table = Runtime.load(any_model)
    monkeypatch.setattr(runtime_module, "TABLE_NUMBERS", 0)
    without = Runtime.load(any_model)
    assert with_table.table is not None and without.table is None
    np.testing.assert_allclose(
        without.read(without.start(), IDS), with_table.read(with_table.start(), IDS), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(
        without.step(without.start(), 3), with_table.step(with_table.start(), 3), rtol=1e-4, atol=1e-5
    )


def test_states_are_their_owners_own(any_model):
    runtime = Runtime.load(any_model)
    one = runtime.start()
    runtime.step(one, 3)
    kept = runtime.scores(one)
    other = one.copy()
    before = kept.copy()
    changed = runtime.step(other, 5)
    assert not np.array_equal(changed, before)
    assert np.array_equal(kept, before) and np.array_equal(runtime.scores(one), before)
    assert np.array_equal(runtime.step(one, 5), changed)
    assert np.array_equal(runtime.scores(runtime.start()), runtime.bias)


def _damaged(model, tmp_path, name, change):
    folder = tmp_path / "damaged"
    shutil.copytree(model, folder)
    if change is None:
        (folder / name).unlink()
    elif isinstance(change, dict):
        (folder / name).write_text(json.dumps(json.loads((folder / name).read_text()) | change))
    else:
        (folder / name).write_bytes(change)
    return folder


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("model.safetensors", None, "model.safetensors"),
        ("model.safetensors", b"\x00\x01", "not a whole model"),
        ("tokenizer.json", None, "tokenizer.json"),
        ("network.json", b"{", "not a whole model"),
        ("network.json", b"{}", "format None"),
        ("network.json", b"[]", "not a whole model"),
        ("network.json", {"format": 2}, "format 2"),
        ("network.json", {"num_layers": "2"}, "not a whole model"),
        ("network.json", {"hidden_size": 25}, r"head.weight should be \(23, 25\).* is \(23, 24\)"),
        ("network.json", {"num_layers": 3}, "rnn.bias_hh_l2 .* is absent"),
        ("network.json", {"tied": True}, "embedding.weight should be"),
        ("network.json", {"cell": "elman"}, "elman"),
        ("network.json", {"cell": "mingru"}, "rnn.bias_hh_l0 should be absent"),
        ("network.json", {"cell": "transformer"}, "rnn.bias_hh_l0 should be absent"),
        ("network.json", {"vocabulary_size": 5}, "tokens"),
    ],
)
def test_a_damaged_model_is_refused_in_words(model, tmp_path, name, change, words):
    with pytest.raises(CheckpointError, match=words):
        Runtime.load(_damaged(model, tmp_path, name, change))


def test_another_task_is_the_requests_fault(model, tmp_path):
    with pytest.raises(RequestError, match="classification"):
        Runtime.load(_damaged(model, tmp_path, "network.json", {"task": "classification"}))
