"""Optimizers: what they pull on, and that their memory is kept exactly."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rnncore import catalog
from rnncore.recipe import Training
from rnncore.train import optimizer


def make(name: str, **more) -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    network = nn.Linear(3, 2)
    return network, optimizer.build(network, Training(**{
        "optimizer": name, "learning_rate": 0.1, "weight_decay": 0.1, **more,
    }))  # fmt: skip


def step(network: nn.Module, optimize: torch.optim.Optimizer) -> None:
    network(torch.ones(1, 3)).square().sum().backward()
    optimize.step()
    optimize.zero_grad(set_to_none=True)


@pytest.mark.parametrize("name", catalog.OPTIMIZERS)
def test_its_memory_goes_through_tensors_exactly(name):
    network, optimize = make(name)
    for _ in range(3):
        step(network, optimize)
    other, again = make(name)
    other.load_state_dict(network.state_dict())
    optimizer.load(again, {key: value.clone() for key, value in optimizer.tensors(optimize).items()})
    for _ in range(3):
        step(network, optimize)
        step(other, again)
    assert all(torch.equal(one, two) for one, two in zip(network.parameters(), other.parameters(), strict=True))


def test_weight_decay_leaves_biases_alone():
    network, optimize = make("adamw")
    before = [parameter.detach().clone() for parameter in network.parameters()]
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimize.step()
    weight, bias = network.parameters()
    torch.testing.assert_close(weight.detach(), before[0] * (1 - 0.1 * 0.1))
    assert torch.equal(bias, before[1])


@pytest.mark.parametrize(("name", "change"), [("adamw", -0.1), ("adam", -0.1), ("sgd", -0.1 * 5)])
def test_the_first_step_is_as_long_as_the_rate_says(name, change):
    network, optimize = make(name, weight_decay=0.0)
    before = network.bias.detach().clone()
    for parameter in network.parameters():
        parameter.grad = torch.full_like(parameter, 5.0)
    optimize.step()
    torch.testing.assert_close(network.bias.detach() - before, torch.full((2,), change), rtol=1e-4, atol=1e-6)


def test_a_new_rate_is_that_of_all():
    _, optimize = make("adamw")
    optimizer.set_rate(optimize, 0.025)
    assert [group["lr"] for group in optimize.param_groups] == [0.025, 0.025]
