"""The written-out steps against PyTorch's layers."""

from __future__ import annotations

import pytest
import torch

from rnncore import catalog, cells

CASES = [("rnn", "tanh"), ("rnn", "relu"), ("lstm", "tanh"), ("gru", "tanh"), ("mingru", "tanh"), ("minlstm", "tanh")]


def test_every_cell_of_the_catalog_has_a_case():
    assert {name for name, _ in CASES} == set(catalog.CELLS) - {"transformer"}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("name", "nonlinearity"), CASES)
def test_steps_written_out_equal_the_fast_layer(name, nonlinearity, bias):
    torch.manual_seed(1)
    cell = cells.get(name)
    layer = cell.layer(5, 7, bias=bias, nonlinearity=nonlinearity).double()
    x = torch.randn(9, 3, 5, dtype=torch.float64)
    state = tuple(torch.randn(3, 7, dtype=torch.float64) for _ in range(cell.STATES))
    first = tuple(item.unsqueeze(0) for item in state)
    wanted, last = layer(x, first if cell.STATES > 1 else first[0])
    outputs = []
    for projected in cells.project(layer, x):
        state = cell.step(layer, projected, state)
        outputs.append(state[0])
    found = torch.stack(outputs)
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-14)
    for item, other in zip(state, last if cell.STATES > 1 else (last,), strict=True):
        torch.testing.assert_close(item, other[0], rtol=1e-12, atol=1e-14)
    weights = list(layer.parameters())
    chosen = torch.randn_like(wanted)
    for one, other in zip(
        torch.autograd.grad((found * chosen).sum(), weights), torch.autograd.grad((wanted * chosen).sum(), weights),
        strict=True,
    ):  # fmt: skip
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)
