"""One pass over a known target, the same step by step, and nothing of what is padding."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from rnncore import catalog
from rnncore.data.vocabulary import START
from rnncore.networks.encoder_decoder import EncoderDecoder

SOURCE, TARGET = 9, 7
LENGTHS = torch.tensor([6, 2, 4])


def network(cell: str = "gru", attention: str = "additive", **more: Any) -> EncoderDecoder:
    torch.manual_seed(0)
    shape: dict[str, Any] = {
        "embedding_size": 6, "hidden_size": 6, "num_layers": 2, "dropout": 0.3, "bidirectional": True, "bias": True,
        "nonlinearity": "tanh", "tied": False, "context": 8, **more,
    }  # fmt: skip
    return EncoderDecoder(SOURCE, TARGET, cell=cell, attention=attention, **shape).double().eval()


def batch(steps: int = 5) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    source = torch.randint(4, SOURCE, (6, 3))
    source[torch.arange(6).unsqueeze(1) >= LENGTHS] = 0
    inputs = torch.randint(4, TARGET, (steps, 3))
    inputs[0] = START
    return source, LENGTHS, inputs


@pytest.mark.parametrize(
    ("cell", "attention"), [*product(catalog.CELLS, ["none", "dot"]), ("lstm", "general"), ("lstm", "additive")]
)
def test_steps_equal_the_one_pass(cell, attention):
    net, (source, lengths, inputs) = network(cell, attention), batch()
    scores, _ = net(source, lengths, inputs)
    memory, carry = net.encode(source, lengths)
    for step, tokens in enumerate(inputs):
        found, carry = net.step(tokens, memory, carry)
        torch.testing.assert_close(found, scores[step])


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", catalog.CELLS)
def test_padding_changes_nothing(cell, bidirectional):
    net, (source, lengths, inputs) = network(cell, bidirectional=bidirectional), batch()
    together, _ = net(source, lengths, inputs)
    for record, length in enumerate(lengths.tolist()):
        one = slice(record, record + 1)
        alone, _ = net(source[:length, one], lengths[one], inputs[:, one])
        torch.testing.assert_close(together[:, one], alone)


@pytest.mark.parametrize("attention", ["none", "dot", "general", "additive"])
def test_every_part_of_the_source_counts(attention):
    """Also without attention, where the last state must carry it."""
    net, (source, lengths, inputs) = network(attention=attention), batch()
    scores, _ = net(source, lengths, inputs)
    other = source.clone()
    other[0, 0] = 4 if source[0, 0] != 4 else 5
    changed, _ = net(other, lengths, inputs)
    assert (changed[:, 0] - scores[:, 0]).abs().max() > 1e-6
    torch.testing.assert_close(changed[:, 1:], scores[:, 1:])


def test_where_the_truth_is_not_known_the_likeliest_token_is_read():
    net, (source, lengths, inputs) = network(), batch()
    whole, _ = net(source, lengths, inputs)
    torch.testing.assert_close(net(source, lengths, inputs, torch.ones_like(inputs, dtype=torch.bool))[0], whole)

    known = torch.zeros_like(inputs, dtype=torch.bool)
    known[3] = True
    scores, _ = net(source, lengths, inputs, known)
    guesses = scores.argmax(2)
    read = torch.stack([inputs[0], guesses[0], guesses[1], inputs[3], guesses[3]])
    torch.testing.assert_close(net(source, lengths, read)[0], scores)


def test_weights_say_where_it_looks():
    net, (source, lengths, inputs) = network(), batch()
    weights = net.weights(source, lengths, inputs)
    assert weights.shape == (5, 3, 6)
    torch.testing.assert_close(weights.sum(2), torch.ones(5, 3, dtype=torch.float64))
    assert not weights[:, 1, 2:].any()
    assert network(attention="none").weights(source, lengths, inputs) is None


def test_tied_weights_are_the_targets_embedding():
    net = network(tied=True)
    assert "head.weight" not in net.state_dict()
    source, lengths, inputs = batch()
    net(source, lengths, inputs)[0].sum().backward()
    assert net.embedding.weight.grad[5].any()
