"""What auto becomes, and that bfloat16 computes the same but for digits."""

from __future__ import annotations

import json

import pytest
import torch

from rnncore import catalog
from rnncore.errors import RecipeError
from rnncore.networks import build
from rnncore.recipe import Recipe
from rnncore.train import precision
from rnncore.train.precision import Forward, choose_device, choose_precision, path_of

CPU = torch.device("cpu")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Where the measurement is kept, on a CPU that says it multiplies bfloat16."""
    monkeypatch.setenv("UNROLL_DATA", str(tmp_path))
    monkeypatch.setattr(precision, "_cpu_flags", lambda: "flags: fpu amx_bf16 sse")
    return tmp_path / "precision.json"


@pytest.mark.parametrize(("gain", "wanted"), [(1.5, "bfloat16"), (0.9, "float32"), (0.0, "float32")])
def test_auto_takes_what_is_faster_and_measures_once(monkeypatch, cache, gain, wanted):
    measured = []
    monkeypatch.setattr(precision, "_gain", lambda device, cell: measured.append(cell) or gain)
    assert [choose_precision("auto", CPU, cell) for cell in ("lstm", "lstm", "gru", "lstm")] == [wanted] * 4
    assert measured == ["lstm", "gru"] and len(json.loads(cache.read_bytes())) == 2


def test_what_is_asked_for_is_not_measured(monkeypatch, cache):
    monkeypatch.setattr(precision, "_gain", lambda device, cell: 1 / 0)
    assert [choose_precision(name, CPU, "lstm") for name in ("float32", "bfloat16")] == ["float32", "bfloat16"]
    assert not cache.exists()


def test_a_damaged_cache_is_measured_anew(monkeypatch, cache):
    cache.write_text("{")
    monkeypatch.setattr(precision, "_gain", lambda device, cell: 2.0)
    assert choose_precision("auto", CPU, "lstm") == "bfloat16"


@pytest.mark.parametrize(
    ("flags", "measured"),
    [("flags : avx avx2 fma", 0), ("flags : avx512f avx512_bf16", 1), ("Features : asimd bf16 sve", 1), ("", 1)],
)
def test_a_cpu_without_the_instruction_is_not_measured(monkeypatch, cache, flags, measured):
    asked = []
    monkeypatch.setattr(precision, "_cpu_flags", lambda: flags)
    monkeypatch.setattr(precision, "_gain", lambda device, cell: asked.append(cell) or 2.0)
    assert choose_precision("auto", CPU, "lstm") == ("bfloat16" if measured else "float32")
    assert len(asked) == measured


def test_a_machine_that_cannot_stays_in_float32(monkeypatch, cache):
    def refuse(self, *inputs):
        if self.path != "plain":
            raise RuntimeError("could not create a primitive descriptor")
        return self.network(*inputs)

    monkeypatch.setattr(Forward, "__call__", refuse)
    assert choose_precision("auto", CPU, "lstm") == "float32"


@pytest.mark.parametrize("cell", ["rnn", "transformer"])
def test_measuring_draws_no_random_numbers(cache, cell):
    before = torch.get_rng_state()
    assert choose_precision("auto", CPU, cell) in ("float32", "bfloat16")
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("wanted", ["cuda:99", "mps"])
def test_a_device_that_is_not_there_is_named(wanted):
    with pytest.raises(RecipeError, match=r"training\.device"):
        choose_device(wanted)


def test_paths():
    assert path_of("float32", CPU) == path_of("float32", torch.device("cuda:0")) == "plain"
    assert path_of("bfloat16", CPU) == "cast"
    assert path_of("bfloat16", torch.device("cuda:0")) == path_of("bfloat16", torch.device("mps")) == "autocast"


@pytest.mark.parametrize("cell", catalog.CELLS)
def test_bfloat16_differs_from_float32_by_digits(cell):
    torch.manual_seed(0)
    network = build({
        "format": 1, "vocabulary_size": 9, "cell": cell, "embedding_size": 5, "hidden_size": 8, "num_layers": 2,
        "dropout": 0.0, "nonlinearity": "tanh", "bias": True, "tied": False, "context": 4,
    })  # fmt: skip
    tokens = torch.randint(9, (7, 3))
    gradients = []
    for path in ("plain", "cast"):
        scores, carry = Forward(network, path)(tokens)
        scores, _ = Forward(network, path)(tokens, carry)
        scores.float().square().sum().backward()
        gradients.append([parameter.grad.clone() for parameter in network.parameters()])
        assert all(gradient.dtype == torch.float32 for gradient in gradients[-1])
        network.zero_grad()
    assert scores.dtype == torch.bfloat16
    for plain, cast in zip(*gradients, strict=True):
        assert not torch.equal(plain, cast)
        assert (plain - cast).norm() < 0.05 * plain.norm()


@pytest.mark.parametrize(
    ("network", "training", "shared"),
    [
        ({"cell": "lstm", "hidden_size": 64}, {"batch_size": 16}, False),
        ({"cell": "lstm", "hidden_size": 1024}, {"batch_size": 64}, True),
        ({"cell": "gru", "hidden_size": 256}, {"batch_size": 16, "sequence_length": 500}, False),
    ],
)
def test_small_steps_are_not_shared_between_threads(monkeypatch, network, training, shared):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 6)
    recipe = Recipe.parse({"task": {"kind": "language_model"}, "network": network, "training": training})
    assert precision.choose_threads(recipe) == (6 if shared else 1)
