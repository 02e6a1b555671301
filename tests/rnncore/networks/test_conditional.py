"""The condition reaches every step, and what is not given has a vector of its own."""

from __future__ import annotations

import pytest
import torch

from rnncore import catalog
from rnncore.networks.conditional import Condition, ConditionalNetwork

NAN = float("nan")


def network(cell: str = "lstm", labels: tuple[int, ...] = (3, 2), numbers: int = 2) -> ConditionalNetwork:
    torch.manual_seed(0)
    return ConditionalNetwork(
        8, labels=list(labels), numbers=numbers, cell=cell, embedding_size=4, hidden_size=6, num_layers=2, dropout=0.2,
        bias=True, nonlinearity="tanh", tied=False, context=8,
    ).double().eval()  # fmt: skip


INPUTS = torch.tensor([[2, 2], [5, 4], [6, 7]])
LABELS = torch.tensor([[1, 2], [3, 0]])
NUMBERS = torch.tensor([[0.5, NAN], [-1.0, 2.0]], dtype=torch.float64)


def test_the_vector_is_a_sum():
    torch.manual_seed(1)
    condition = Condition([3, 2], 2, 4).double()
    first, second = condition(LABELS, NUMBERS)
    one, other = (embedding.weight for embedding in condition.labels)
    scale, shift, missing = condition.scale, condition.shift, condition.missing
    torch.testing.assert_close(first, one[1] + other[2] + 0.5 * scale[0] + shift[0] + missing[1] + condition.bias)
    torch.testing.assert_close(second, one[3] + other[0] - scale[0] + 2 * scale[1] + shift.sum(0) + condition.bias)


def test_a_number_that_is_not_given_has_a_gradient_of_its_own():
    condition = Condition([], 2, 4).double()
    condition(torch.zeros(2, 0, dtype=torch.long), NUMBERS).sum().backward()
    for weight in (condition.missing, condition.scale, condition.shift):
        assert weight.grad.isfinite().all()
    assert not condition.missing.grad[0].any() and condition.missing.grad[1].all()


@pytest.mark.parametrize("cell", catalog.CELLS)
def test_steps_equal_the_one_pass(cell):
    net = network(cell)
    scores, _ = net(INPUTS, LABELS, NUMBERS)
    vector = net.condition(LABELS, NUMBERS)
    carry = net.start(vector, net.rnn)
    for step, tokens in enumerate(INPUTS):
        found, carry = net.step(tokens, vector, carry)
        torch.testing.assert_close(found, scores[step])


@pytest.mark.parametrize("cell", catalog.CELLS)
def test_the_condition_counts_at_every_step(cell):
    net = network(cell)
    scores, _ = net(INPUTS, LABELS, NUMBERS)
    other, _ = net(INPUTS, torch.tensor([[2, 2], [3, 0]]), NUMBERS)
    assert ((other - scores)[:, 0].abs().amax(1) > 1e-6).all()
    torch.testing.assert_close(other[:, 1], scores[:, 1])


def test_there_may_be_no_condition_at_all():
    net = network(labels=(), numbers=0)
    nothing = torch.zeros(2, 0, dtype=torch.long), torch.zeros(2, 0)
    assert net(INPUTS, *nothing)[0].shape == (3, 2, 8)
    scores = net.score(net.embedding(INPUTS), torch.tensor([3, 1]))
    torch.testing.assert_close(scores[0], net(INPUTS, *nothing)[0][2, 0])
    torch.testing.assert_close(scores[1], net(INPUTS, *nothing)[0][0, 1])
