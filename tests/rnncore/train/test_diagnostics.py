"""How far back a network looks."""

from __future__ import annotations

import pytest
import torch

from rnncore import catalog
from rnncore.networks import build
from rnncore.train import diagnostics

DESCRIPTION = {
    "format": 1, "vocabulary_size": 9, "cell": "lstm", "embedding_size": 5, "hidden_size": 8, "num_layers": 2,
    "dropout": 0.5, "nonlinearity": "tanh", "bias": True, "tied": False, "context": 3,
}  # fmt: skip


@pytest.mark.parametrize("cell", catalog.CELLS)
def test_gradients_are_those_of_a_difference(cell):
    torch.manual_seed(0)
    network = build({**DESCRIPTION, "cell": cell}).double().eval()
    tokens, targets = torch.randint(9, (6, 1)), torch.randint(9, (6, 1))

    def loss(x):
        h, _ = network.rnn(x, network.rnn.zero_carry(1))
        scores = network.head(h[-1], network.embedding.weight)
        return torch.nn.functional.cross_entropy(scores, targets[-1])

    x = network.embedding(tokens).detach()
    found = dict(diagnostics.gradient_by_lag(network, tokens, targets))
    assert list(found) == [0, 1, 2, 4]
    for lag, norm in found.items():
        slopes = []
        for unit in range(5):
            nudge = torch.zeros_like(x)
            nudge[5 - lag, 0, unit] = 1e-6
            slopes.append((loss(x + nudge) - loss(x - nudge)) / 2e-6)
        assert norm == pytest.approx(torch.stack(slopes).norm().item(), rel=1e-5)


def test_looking_changes_nothing():
    network = build(DESCRIPTION).train()
    before, random = [p.detach().clone() for p in network.parameters()], torch.get_rng_state()
    tokens = torch.randint(9, (6, 2), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        diagnostics.gradient_by_lag(network, tokens, tokens)
    assert network.training and network.rnn.training
    assert torch.equal(random, torch.get_rng_state())
    assert all(p.grad is None and torch.equal(p, old) for p, old in zip(network.parameters(), before, strict=True))


@pytest.mark.parametrize(
    ("by_lag", "wanted"),
    [([(0, 1.0), (1, 0.5), (2, 0.02), (4, 0.001)], 2.0), ([(0, 1.0)], 0.0), ([(0, 0.0), (1, 0.0)], None), ([], None)],
)
def test_the_effective_lag_is_the_last_that_matters(by_lag, wanted):
    assert diagnostics.effective_lag(by_lag) == wanted


def test_saturation_counts_outputs_at_their_limits():
    carry = ((torch.tensor([[0.99, 0.1, -0.97, 0.0]]), torch.full((1, 4), 9.0)),) * 2
    assert diagnostics.saturation(carry, "lstm") == 0.5


def test_a_cell_without_a_limit_is_not_saturated():
    carry = ((torch.full((1, 4), 9.0),),)
    assert diagnostics.saturation(carry, "mingru") is None and diagnostics.saturation(carry, "transformer") is None
    assert diagnostics.saturation(None, "lstm") is None
