"""The whole network: names, ties, initial weights, and its description."""

from __future__ import annotations

import pytest
import torch

from rnncore import catalog, cost, networks
from rnncore.defaults import Facts, fill
from rnncore.errors import CheckpointError
from rnncore.recipe import Recipe

FACTS = Facts(tokens=20_000, vocabulary_size=11, characters=20_000)


def recipe(**network) -> Recipe:
    sizes = {"hidden_size": 8, "embedding_size": 6, "num_layers": 2}
    return fill(Recipe.parse({"task": {"kind": "language_model"}, "network": {**sizes, **network}}), FACTS)


def test_weights_are_named_as_a_checkpoint_promises():
    names = set(networks.build_new(recipe(), 11).state_dict())
    rnn = {f"rnn.{name}_l{k}" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh") for k in range(2)}
    assert names == {"embedding.weight", "head.weight", "head.bias"} | rnn


def test_tied_weights_are_one_matrix():
    network = networks.build_new(recipe(tied=True, embedding_size=8), 11).eval()
    assert "head.weight" not in network.state_dict()
    tokens = torch.randint(10, (5, 3))  # the last token is never read
    h, _ = network.rnn(network.embedding(tokens), network.rnn.zero_carry(3))
    torch.testing.assert_close(network(tokens)[0], h @ network.embedding.weight.T + network.head.bias)
    network(tokens)[0].sum().backward()
    assert network.embedding.weight.grad[10].abs().min() > 0  # through the output side


def test_a_description_builds_the_same_network():
    network = networks.build_new(recipe(cell="gru"), 11)
    again = networks.build(networks.describe(recipe(cell="gru"), 11))
    again.load_state_dict(network.state_dict())
    tokens = torch.randint(11, (5, 3))
    torch.testing.assert_close(network.eval()(tokens)[0], again.eval()(tokens)[0])


def test_a_description_of_another_format_is_refused():
    with pytest.raises(CheckpointError, match="format 7"):
        networks.build({**networks.describe(recipe(), 11), "format": 7})


@pytest.mark.parametrize("cell", catalog.CELLS)
@pytest.mark.parametrize("more", [{}, {"bias": False}, {"tied": True, "embedding_size": 8}, {"num_layers": 1}])
def test_the_formula_counts_the_parameters_exactly(cell, more):
    filled = recipe(cell=cell, **more)
    assert cost.parameters(filled.network, 11) == networks.count(networks.build_new(filled, 11))


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_orthogonal_weights_keep_the_length_of_the_state(cell):
    stack = networks.build_new(recipe(cell=cell, init="orthogonal"), 11).rnn
    for layer in stack.layers:
        for block in layer.weight_hh_l0.split(8):
            torch.testing.assert_close(block @ block.T, torch.eye(8), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("cell", "keeps", "writes"), [("lstm", 1, 0), ("gru", 1, None), ("mingru", None, 0), ("minlstm", 1, 0)]
)
def test_chrono_opens_the_gate_that_keeps_for_as_long_as_a_chunk(cell, keeps, writes):
    filled = recipe(cell=cell, init="chrono", hidden_size=256).replacing(training={"sequence_length": 100})
    for layer in networks.build_new(filled, 11).rnn.layers:
        biases = layer.bias_ih_l0 + (layer.bias_hh_l0 if cell in ("lstm", "gru") else 0)
        for gate, bias in enumerate(biases.split(256)):
            if gate not in (keeps, writes):
                assert bias.abs().max() == 0
                continue
            spans = (bias if gate == keeps else -bias).exp()
            assert 1 <= spans.min() < 10 and 80 < spans.max() <= 99.01 and 40 < spans.mean() < 60


def test_the_same_seed_gives_the_same_weights():
    first, second = (seeded(3), seeded(3))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["head.weight"], seeded(4)["head.weight"])


def seeded(seed):
    torch.manual_seed(seed)
    return networks.build_new(recipe(), 11).state_dict()
