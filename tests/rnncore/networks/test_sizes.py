"""The formula of a stack's size against stacks that are built."""

from __future__ import annotations

import pytest

from rnncore import catalog, cost
from rnncore.networks import count
from rnncore.networks.stack import Stack
from rnncore.recipe import Recipe


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", catalog.CELLS)
def test_a_stack_has_as_many_numbers_as_the_formula_says(cell, layers, bidirectional, bias):
    shape = {"cell": cell, "hidden_size": 6, "num_layers": layers, "bidirectional": bidirectional, "bias": bias}
    network = Recipe.parse({"task": {"kind": "classification"}, "network": shape}).network
    stack = Stack(cell, 5, 6, layers, bidirectional=bidirectional, bias=bias, context=4)
    assert cost.stack_parameters(network, 5) == count(stack)
